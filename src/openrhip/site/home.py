"""Making a home folder (初始化): configuration, keys, certificates, ledger, database.

Every step may be repeated: what is there stays as it is.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from openrhip.formats import ofd
from openrhip.formats.gm import devpki
from openrhip.formats.gm.certs import Certificate
from openrhip.formats.gm.chain import MAKERS
from openrhip.formats.gm.devpki import DevInstitution, DevStaff
from openrhip.formats.gm.signer import SoftwareSigner
from openrhip.kernel import config
from openrhip.kernel.errors import Malformed
from openrhip.kernel.files import make_folder, write_durably


def prepare(home: Path, *, development: bool, values: dict[str, str]) -> None:
    """Folders, configuration, keys, ledger, database. Ends with Django ready to be used."""
    make_folder(home)
    home.chmod(0o700)
    _configure(home, values | ({"development": "yes"} if development else {}))
    start_django(home)
    from openrhip.directory.adapters.keys import FileKeyRing  # noqa: PLC0415 - after the settings
    from openrhip.ledger.home import Home  # noqa: PLC0415

    FileKeyRing.create(home / "keys" / "directory")
    settings = config.current()
    Home.of(home).init(origin=settings["ledger_origin"], profile=settings["ledger_profile"])
    if development and not (home / "pki" / "ca").exists():
        make_certificates(home / "pki", institutions=(), staff=())
    make_folder(home / "pki" / "trust" / MAKERS)
    migrate()


def make_certificates(
    pki: Path, *, institutions: Sequence[DevInstitution], staff: Sequence[DevStaff]
) -> None:
    """A development authority with these certificates, and a seal for each institution."""
    password = devpki.ensure_password(pki)
    devpki.create(pki, institutions=institutions, staff=staff, password=password)
    maker = SoftwareSigner.load(pki / "maker", "maker", password)
    for one in institutions:
        owner = Certificate.from_pem((pki / "institutions" / f"{one.code}.cert.pem").read_bytes())
        seal = ofd.Seal.create(name=one.name, owners=(owner,), maker=maker)
        write_durably(pki / "seals" / f"{one.code}.esl", seal.der, mode=0o644)


def start_django(home: Path) -> None:
    """Settings of this home folder, framework loaded."""
    os.environ["OPENRHIP_HOME"] = str(home)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "openrhip.site.settings")
    config.current.cache_clear()
    import django  # noqa: PLC0415 - reads the settings

    django.setup()


def migrate() -> None:
    """Bring the database to the newest tables."""
    from django.core.management import call_command  # noqa: PLC0415 - after the settings

    call_command("migrate", verbosity=0, interactive=False)


def _configure(home: Path, values: dict[str, str]) -> None:
    path = home / "openrhip.toml"
    if path.exists():
        return
    lines = []
    for setting in config.SETTINGS:
        value = values.get(setting.name, setting.default)
        if not value.isprintable() or '"' in value or "\\" in value:
            raise Malformed("a setting holds a character that is not allowed", where=setting.name)
        mark = "" if setting.name in values else "# "
        lines.append(f'# {setting.meaning}\n{mark}{setting.name} = "{value}"\n')
    write_durably(path, "\n".join(lines).encode())
