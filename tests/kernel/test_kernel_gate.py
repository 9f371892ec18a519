"""The write gate on a real SQLite file, several processes at once: nobody starves, nothing is lost."""

import os
import subprocess
import sys

WRITER = """
import django
django.setup()
import time
from openrhip.kernel.database import writing
from openrhip.kernel.models import Outbox
from openrhip.kernel import clock
for number in range(40):
    with writing():
        last = Outbox.objects.order_by("-attempts").values_list("attempts", flat=True).first() or 0
        Outbox.objects.create(kind="n", subscriber="s", payload={}, attempts=last + 1,
                              made_at=clock.now(), due_at=clock.now())
"""


def run(home, code):
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", code],
        env={
            **os.environ,
            "OPENRHIP_HOME": str(home),
            "OPENRHIP_DATABASE_URL": "",
            "DJANGO_SETTINGS_MODULE": "openrhip.site.settings",
        },
        stderr=subprocess.PIPE,
    )


def test_four_writers_make_one_row_after_the_other(tmp_path):
    migrate = run(
        tmp_path,
        "import django; django.setup(); from django.core.management import call_command;"
        "call_command('migrate', 'kernel', verbosity=0)",
    )
    assert migrate.wait(60) == 0, migrate.stderr.read()
    migrate.stderr.close()
    writers = [run(tmp_path, WRITER) for _ in range(4)]
    for writer in writers:
        assert writer.wait(120) == 0, writer.stderr.read()
        writer.stderr.close()
    import sqlite3
    from contextlib import closing

    with closing(sqlite3.connect(tmp_path / "centre.sqlite3")) as database:
        numbers = [
            row[0] for row in database.execute("select attempts from kernel_outbox order by id")
        ]
    # Each writer read the last number and wrote the next inside one gate: no number twice.
    assert numbers == list(range(1, 161))
