"""Documents to put together, and PDFs made on the spot."""

import io
from collections.abc import Callable
from datetime import UTC, datetime

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name, Pdf

from openrhip.formats import ofd
from openrhip.formats.gm import devpki
from openrhip.formats.gm.chain import TrustStore
from openrhip.formats.gm.signer import SoftwareSigner
from openrhip.kernel import clock

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)


def story(title: str, pages: list[str], *, tags: bool = True, attachment: bytes = b"") -> bytes:
    """A document with a heading and a paragraph on each page."""
    blocks: list[ofd.Block] = []
    for number, text in enumerate(pages):
        if number:
            blocks.append(ofd.PageBreak())
        blocks.append(ofd.Heading(f"{title}{number + 1}"))
        blocks.append(ofd.Paragraph(text, tag=f"T{number + 1}" if tags else ""))
    files = [ofd.Attachment("source.xml", "text/xml", attachment)] if attachment else []
    return ofd.write(ofd.Story(title, blocks, attachments=files))


@pytest.fixture(scope="session")
def first() -> bytes:
    return story("甲", ["第一份第一页", "第一份第二页 two", "第一份第三页"], attachment=b"<a/>")


@pytest.fixture(scope="session")
def second() -> bytes:
    return story("乙", ["第二份第一页", "第二份第二页"], attachment=b"<b/>")


@pytest.fixture
def sheet() -> Callable[..., bytes]:
    """sheet(content, resources={}, box=…, rotate=0, …) → a PDF of one page."""

    def make(
        content: str | bytes,
        resources: dict[str, dict[str, object]] | None = None,
        box: tuple[float, ...] = (0, 0, 200, 100),
        **more: object,
    ) -> bytes:
        pdf = Pdf.new()
        groups = Dictionary()
        for kind, items in (resources or {}).items():
            groups[f"/{kind}"] = Dictionary({f"/{k}": _own(pdf, v) for k, v in items.items()})
        body = content.encode("latin-1") if isinstance(content, str) else content
        page = Dictionary(
            Type=Name.Page, MediaBox=Array(list(box)), Resources=groups,
            Contents=pdf.make_stream(body), **more,
        )  # fmt: skip
        pdf.pages.append(pikepdf.Page(page))
        return saved(pdf)

    return make


def _own(pdf: Pdf, value: object) -> object:
    if isinstance(value, tuple):
        entries, data = value
        return pdf.make_stream(data, entries)
    return value


def saved(pdf: Pdf, **how: object) -> bytes:
    out = io.BytesIO()
    pdf.save(out, **how)
    return out.getvalue()


@pytest.fixture(scope="session")
def doctor(tmp_path_factory):
    """A signer of a small region, and whom to trust."""
    folder = tmp_path_factory.mktemp("pki")
    with clock.frozen(NOW):
        devpki.create(
            folder,
            institutions=[devpki.DevInstitution("H001", "江城市第一人民医院")],
            staff=[devpki.DevStaff("D001", "张三", "H001")],
            password=b"test",
        )
        signer = SoftwareSigner.load(folder / "staff", "D001", b"test")
        return signer, TrustStore.load_folder(folder / "trust")


@pytest.fixture(scope="session")
def sealed_file(doctor, first) -> bytes:
    with clock.frozen(NOW):
        return ofd.sign(first, signer=doctor[0])


@pytest.fixture(scope="session")
def medical(doctor) -> bytes:
    """A signed medical record (OFD-H): its list of annotations is open."""
    blocks = [
        ofd.Heading("病历"),
        ofd.Paragraph("血钾 6.8"),
        ofd.PageBreak(),
        ofd.Paragraph("第二页"),
    ]
    record = ofd.write(ofd.Story("病历", blocks, ofd.Metadata(doc_type="OFD-H")))
    with clock.frozen(NOW):
        return ofd.sign(record, signer=doctor[0])


@pytest.fixture(autouse=True)
def _morning():
    with clock.frozen(NOW):
        yield
