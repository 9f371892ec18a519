# Nonces of signed requests: they were those of records alone (see records 0005).

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("directory", "0002_contacts")]

    operations = [
        migrations.CreateModel(
            name="Nonce",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("institution", models.CharField(max_length=64)),
                ("nonce", models.CharField(max_length=32)),
                ("used_at", models.DateTimeField()),
            ],
            options={
                "indexes": [models.Index(fields=["used_at"], name="nonce_age")],
                "constraints": [
                    models.UniqueConstraint(fields=("institution", "nonce"), name="nonce_once")
                ],
            },
        ),
    ]
