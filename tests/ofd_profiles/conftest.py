"""A small region with keys, a medical record of it, and hand-made packages to break rules in."""

import runpy
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest

from openrhip.formats import cda, ofd
from openrhip.formats.gm import devpki, tsp
from openrhip.formats.gm.chain import TrustStore
from openrhip.formats.gm.signer import SoftwareSigner
from openrhip.formats.ofd.package_append import Container
from openrhip.formats.ofd.seals import Seal
from openrhip.kernel import clock

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Keys:
    """Signers of a small region and whom to trust."""

    folder: Path
    doctor: SoftwareSigner
    nurse: SoftwareSigner
    hospital: SoftwareSigner
    stamper: tsp.LocalTimestamper
    trust: TrustStore
    seal: Seal


@pytest.fixture(scope="session")
def keys(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pki")
    with clock.frozen(NOW):
        devpki.create(
            folder,
            institutions=[devpki.DevInstitution("H001", "江城市第一人民医院")],
            staff=[devpki.DevStaff("D001", "张三", "H001"), devpki.DevStaff("N1", "李四", "H001")],
            password=b"test",
        )
        load = SoftwareSigner.load
        hospital = load(folder / "institutions", "H001", b"test")
        return Keys(
            folder=folder,
            doctor=load(folder / "staff", "D001", b"test"),
            nurse=load(folder / "staff", "N1", b"test"),
            hospital=hospital,
            stamper=tsp.LocalTimestamper(tsp.Authority(load(folder / "tsa", "tsa", b"test"))),
            trust=TrustStore.load_folder(folder / "trust"),
            seal=Seal.create(
                name="江城市第一人民医院",
                owners=[hospital.certificate],
                maker=load(folder / "maker", "maker", b"test"),
            ),
        )


@pytest.fixture(autouse=True)
def _morning():
    with clock.frozen(NOW):
        yield


@pytest.fixture(scope="session")
def record():
    """An unsigned medical record (出院小结) of the platform's own making."""
    samples = cda.samples()
    source = samples[next(name for name in samples if name.startswith("C0053/"))]
    return cda.lay_out(cda.parse(source), source=source)


@pytest.fixture(scope="session")
def sealed(keys, record):
    """The record signed by its author, sealed and locked by the hospital."""
    with clock.frozen(NOW):
        return ofd.sign_and_seal(
            record,
            author=keys.doctor,
            seal=keys.seal,
            institution=keys.hospital,
            timestamper=keys.stamper,
            lock=True,
        )


@pytest.fixture(scope="session")
def changed():
    """A function: the package with parts replaced, added or (None) left out, in canonical form."""

    def change(data, parts):
        package = ofd.open_package(data)
        container = Container()
        for name in package.parts:
            if name not in parts:
                container.copy(package, name)
            elif parts[name] is not None:
                container.store(name, parts[name])
        for name, content in parts.items():
            if name not in package and content is not None:
                container.store(name, content)
        return container.finish()

    return change


@pytest.fixture(scope="session")
def packed():
    """A function: name → bytes or text as a package; what is long is compressed."""

    def pack(parts):
        container = Container()
        for name, content in parts.items():
            data = content.encode() if isinstance(content, str) else content
            if len(zlib.compress(data)) < len(data):
                container.deflate(name, data)
            else:
                container.store(name, data)
        return container.finish()

    return pack


@pytest.fixture(scope="session")
def archive():
    """Parts of a package for an archive, and ways to break its rules."""
    return SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("archive_parts.py"))))


@pytest.fixture(scope="session")
def failures():
    """A function: the codes of the findings that fail."""

    def codes(findings):
        return {one.code for one in findings if not one.ok}

    return codes
