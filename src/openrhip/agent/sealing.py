"""The signing desk (签章台): lays out, signs as the author, seals as the institution, timestamps.

Keys come from the node's key folder: institutions/<code>, staff/<code>, seals/<code>.esl; in
production a `Signer` over an HSM takes their place. What cannot be signed raises a Problem that
becomes the node's own refusal, with what to correct.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import httpx
import pypdfium2

from openrhip.agent.rules import Form
from openrhip.agent.settings import AgentConfig
from openrhip.formats import cda, ofd
from openrhip.formats.cda.layout import story_of
from openrhip.formats.gm import tsp
from openrhip.formats.gm.signer import Signer, SoftwareSigner
from openrhip.formats.ofd import signing, signing_records
from openrhip.formats.ofd.package import Package, open_package
from openrhip.kernel.errors import Malformed, Misconfigured, TooLarge, Unavailable

XML_TYPES = frozenset({"xml", "text/xml", "application/xml", "application/hl7-cda+xml"})
PDF_DPI = 150
MOST_PDF_PAGES = 200
_KEY_NAME = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")


class Desk:
    """Everything needed to finish a document of one institution."""

    def __init__(self, config: AgentConfig) -> None:
        self.config = config
        self._password = _password(config.password_file)
        self.institution: Signer = SoftwareSigner.load(
            config.keys / "institutions", config.institution, self._password
        )
        self.seal = ofd.Seal.from_der(_bytes(config.keys / "seals" / f"{config.institution}.esl"))
        self.timestamper = self._timestamper()
        self.staff: Callable[[str], Signer] = lru_cache(maxsize=1000)(self._staff)

    def lay_out(self, form: Form, source: bytes, companion: bytes) -> bytes:
        """The unsigned OFD of what the hospital's system wrote. Raises Malformed, TooLarge."""
        if form is Form.CDA:
            laid_out: bytes = cda.lay_out(cda.parse(source), source=source)
            return laid_out
        if form is Form.PDF:
            return wrap_pdf(source, companion)
        return source

    def finish(self, unsigned: bytes) -> bytes:
        """Signed by the author, sealed by the institution, both timestamped.

        A document that its author has signed already keeps that signature; one that is sealed
        already stays as it is. Raises Malformed, Misconfigured, Refused, Unavailable.
        """
        package = open_package(unsigned)
        kinds = {line.kind for line in signing_records.listed(package)}
        if signing_records.SEAL in kinds:
            return unsigned
        done = unsigned
        if signing_records.SIGN not in kinds:
            done = signing.sign(
                done,
                signer=self.staff(author_code(source_of(package))),
                timestamper=self.timestamper,
                reason="作者签名",
            )
        return signing.seal(
            done, seal=self.seal, signer=self.institution, timestamper=self.timestamper
        )

    def _staff(self, code: str) -> Signer:
        if not code or set(code) - _KEY_NAME or code.startswith("."):
            raise Malformed(
                "the record names no author whose key could be found",
                where="author/assignedAuthor/id",
                remedy="give the author's staff code in the CDA header",
            )
        try:
            return SoftwareSigner.load(self.config.keys / "staff", code, self._password)
        except Misconfigured as error:
            raise Misconfigured(
                "this node holds no usable key of the record's author",
                where=f"staff/{code}",
                remedy="enrol the author's certificate at this node, then `openrhip agent retry`",
            ) from error

    def _timestamper(self) -> tsp.Timestamper:
        if not self.config.tsa_url:
            folder = self.config.keys / "tsa"
            return tsp.LocalTimestamper(
                tsp.Authority(SoftwareSigner.load(folder, "tsa", self._password))
            )
        return tsp.RemoteTimestamper(_poster(self.config.tsa_url))


def source_of(package: Package) -> bytes:
    """The CDA inside an OFD. Raises Malformed if there is none, or more than one."""
    found = [
        part
        for part in package.attachments()
        if part.media_type.lower() in XML_TYPES or part.part.lower().endswith(".xml")
    ]
    if len(found) != 1:
        raise Malformed(
            f"the document holds {len(found)} CDA sources; one is needed",
            where="Attachments",
            remedy="attach the record's CDA document (WS/T 500) to the OFD",
        )
    return package.read(found[0].part)


def author_code(source: bytes) -> str:
    """The staff code of the first author who has one."""
    document = cda.parse(source)
    return next((author.code for author in document.authors if author.code), "")


def wrap_pdf(pdf: bytes, companion: bytes) -> bytes:
    """A PDF as OFD: each page as a picture, the PDF and its CDA description attached."""
    document = cda.parse(companion)
    blocks: list[ofd.Block] = []
    try:
        source = pypdfium2.PdfDocument(pdf)
        with_pages = len(source)
        if with_pages > MOST_PDF_PAGES:
            raise TooLarge(f"a PDF of more than {MOST_PDF_PAGES} pages")
        for number in range(with_pages):
            if number:
                blocks.append(ofd.PageBreak())
            picture = source[number].render(scale=PDF_DPI / 72).to_pil().convert("RGB")
            out = io.BytesIO()
            picture.save(out, "JPEG", quality=85)
            tall = picture.height / picture.width > 262 / 176
            size = {"height": 262.0} if tall else {"width": 176.0}
            blocks.append(ofd.Image(out.getvalue(), before=0.0, after=0.0, **size))
        source.close()
    except pypdfium2.PdfiumError as error:
        raise Malformed("the PDF cannot be opened", remedy="write an unprotected PDF") from error
    blocks.append(
        ofd.SignatureLine(slots=(ofd.Slot("医师签名", anchor="author-signature"),), seal=True)
    )
    story = story_of(document, source=companion)
    pictures = replace(
        story,
        blocks=blocks,
        header=(),
        first_header=None,
        footer=(),
        attachments=(
            *story.attachments,
            ofd.Attachment("original.pdf", "application/pdf", pdf),
        ),
    )
    written: bytes = ofd.write(pictures)
    return written


def _poster(url: str) -> Callable[[bytes], bytes]:
    def post(request: bytes) -> bytes:
        try:
            answer = httpx.post(
                url,
                content=request,
                headers={"Content-Type": "application/timestamp-query"},
                timeout=20,
            )
            answer.raise_for_status()
        except httpx.HTTPError as error:
            raise Unavailable("the timestamp authority does not answer") from error
        return answer.content

    return post


def _password(path: Path) -> bytes:
    return _bytes(path).strip()


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise Misconfigured(
            "a file of the node's key folder cannot be read", where=str(path)
        ) from error
