# Parts of uploads lie in their folder alone (kernel.parts); unfinished uploads send theirs again.

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("records", "0005_nonces")]

    operations = [migrations.DeleteModel(name="UploadPart")]
