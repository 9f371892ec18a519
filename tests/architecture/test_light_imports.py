"""The formats are a library of their own: importing them brings no framework and no server."""

import json
import subprocess
import sys

HEAVY = ("django", "ninja", "granian", "httpx", "apsw", "psycopg", "cedarpy", "webauthn")
_EVERYTHING = """
import importlib, json, pkgutil, sys
import openrhip.formats as formats
for module in pkgutil.walk_packages(formats.__path__, "openrhip.formats."):
    importlib.import_module(module.name)
print(json.dumps(sorted({name.split(".")[0] for name in sys.modules})))
"""
_READING = """
import json, sys
from openrhip.formats import ofd
ofd.open_package, ofd.verify
print(json.dumps(sorted({name.split(".")[0] for name in sys.modules})))
"""


def _loaded(code):
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return set(json.loads(done.stdout))


def test_formats_import_without_the_framework():
    assert not _loaded(_EVERYTHING) & set(HEAVY)


def test_reading_and_verifying_load_no_fonts_and_no_drawing():
    assert not _loaded(_READING) & {"uharfbuzz", "pikepdf", "pypdfium2"}
