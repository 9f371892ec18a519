# Nonces of signed requests are the directory's: what was used stays used.

from django.db import migrations

_MOVE = (
    "INSERT INTO {there} (institution, nonce, used_at)"
    " SELECT institution, nonce, used_at FROM {here}"
)
_THERE, _HERE = "directory_nonce", "records_nonce"


class Migration(migrations.Migration):
    dependencies = [("records", "0004_evidence"), ("directory", "0003_nonces")]

    operations = [
        migrations.RunSQL(
            _MOVE.format(there=_THERE, here=_HERE), _MOVE.format(there=_HERE, here=_THERE)
        ),
        migrations.DeleteModel(name="Nonce"),
    ]
