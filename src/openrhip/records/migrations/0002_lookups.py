# Searches are counted; an emergency is declared before a document is named.

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("records", "0001_initial")]

    operations = [
        migrations.AlterField(
            model_name="access",
            name="document",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="records.document",
            ),
        ),
        migrations.CreateModel(
            name="Lookup",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("institution", models.CharField(max_length=64)),
                ("actor", models.CharField(max_length=64)),
                ("purpose", models.CharField(max_length=40)),
                ("found", models.BooleanField()),
                ("at", models.DateTimeField()),
            ],
            options={
                "indexes": [
                    models.Index(fields=["institution", "-at"], name="records_lookups"),
                    models.Index(fields=["actor", "-at"], name="records_lookups_by_actor"),
                ],
            },
        ),
    ]
