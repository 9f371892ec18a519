"""A small region with keys, a document, and ways to tamper with it."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from openrhip.formats import ofd
from openrhip.formats.gm import devpki, tsp
from openrhip.formats.gm.chain import TrustStore
from openrhip.formats.gm.signer import SoftwareSigner
from openrhip.formats.ofd.package_append import Container
from openrhip.formats.ofd.seals import Seal
from openrhip.kernel import clock

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
VECTORS = Path(__file__).parents[1] / "vectors" / "ofd"


@dataclass(frozen=True)
class Region:
    """Signers of a small region, whom to trust, the hospital's seal."""

    folder: Path
    doctor: SoftwareSigner
    hospital: SoftwareSigner
    maker: SoftwareSigner
    issuing: SoftwareSigner
    stamper: tsp.LocalTimestamper
    trust: TrustStore
    seal: Seal


@pytest.fixture(scope="session")
def region(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pki")
    with clock.frozen(NOW):
        devpki.create(
            folder,
            institutions=[devpki.DevInstitution("H001", "江城市第一人民医院")],
            staff=[devpki.DevStaff("D001", "张三", "H001")],
            password=b"test",
        )
        load = SoftwareSigner.load
        hospital = load(folder / "institutions", "H001", b"test")
        maker = load(folder / "maker", "maker", b"test")
        return Region(
            folder=folder,
            doctor=load(folder / "staff", "D001", b"test"),
            hospital=hospital,
            maker=maker,
            issuing=load(folder / "ca", "issuing", b"test"),
            stamper=tsp.LocalTimestamper(tsp.Authority(load(folder / "tsa", "tsa", b"test"))),
            trust=TrustStore.load_folder(folder / "trust"),
            seal=Seal.create(name="江城市第一人民医院", owners=[hospital.certificate], maker=maker),
        )


@pytest.fixture(scope="session")
def plain():
    """An unsigned document of one page with anchors and an attachment."""
    story = ofd.Story(
        title="出院小结",
        blocks=[
            ofd.Heading("出院小结"),
            ofd.Paragraph("患者因“咳嗽、发热3天”入院，好转出院。", tag="DE06.00.193.00"),
            ofd.SignatureLine([ofd.Slot("医师签名", "张三", anchor="author-signature")], seal=True),
        ],
        attachments=[
            ofd.Attachment("cda.xml", "application/xml", b"<a>" + b"text " * 400 + b"</a>")
        ],
    )
    return ofd.write(story)


@pytest.fixture(autouse=True)
def _morning():
    with clock.frozen(NOW):
        yield


@pytest.fixture(scope="session")
def signed(region, plain):
    """Signed by the doctor, then sealed by the hospital, both with timestamps."""
    with clock.frozen(NOW):
        first = ofd.sign(plain, signer=region.doctor, timestamper=region.stamper, reason="作者签名")
        return ofd.seal(first, seal=region.seal, signer=region.hospital, timestamper=region.stamper)


@pytest.fixture(scope="session")
def tamper():
    """A function: the package with parts replaced, added or (None) left out, in canonical form."""

    def tampered(data, parts):
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

    return tampered


@pytest.fixture(scope="session")
def failures():
    """A function: the codes of the findings that fail, with where."""

    def codes(report):
        return {(one.code, one.where) for one in report.all_findings() if not one.ok}

    return codes
