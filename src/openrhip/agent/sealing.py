"""The signing desk (签章台): lays out, signs as the author, seals as the institution, timestamps.

Keys come from the node's key folder: institutions/<code>, staff/<code>, seals/<code>.esl; in
production a `Signer` over an HSM takes their place. What cannot be signed raises a Problem that
becomes the node's own refusal, with what to correct.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cached_property, lru_cache
from pathlib import Path

import httpx

from openrhip.agent import wrapping
from openrhip.agent.keeping import Keeper
from openrhip.agent.rules import Form
from openrhip.agent.settings import AgentConfig
from openrhip.formats import cda, ofd
from openrhip.formats.cda.layout import story_of
from openrhip.formats.gm import tsp
from openrhip.formats.gm.certs import Certificate
from openrhip.formats.gm.signer import Signer, SoftwareSigner
from openrhip.formats.ofd import edit, signing, signing_records
from openrhip.formats.ofd.package import Package, open_package
from openrhip.formats.ofd.profiles.ofd_h_structure import as_medical
from openrhip.kernel.clock import CITY_ZONE
from openrhip.kernel.errors import Malformed, Misconfigured, Unavailable

XML_TYPES = frozenset({"xml", "text/xml", "application/xml", "application/hl7-cda+xml"})
_KEY_NAME = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")


class Desk:
    """Everything needed to finish a document of one institution."""

    def __init__(self, config: AgentConfig) -> None:
        self.config = config
        self._password = _password(config.password_file)
        self.institution: Signer = SoftwareSigner.load(
            config.keys / "institutions", config.institution, self._password
        )
        # A node without a seal sends collected data only; what is wrong with a seal shows at once.
        if self._seal_file.exists():
            _ = self.seal, self.timestamper, self._keeper
        self.staff: Callable[[str], Signer] = lru_cache(maxsize=1000)(self._staff)

    @property
    def _seal_file(self) -> Path:
        return self.config.keys / "seals" / f"{self.config.institution}.esl"

    @cached_property
    def seal(self) -> ofd.Seal:
        """The institution's seal. Raises Misconfigured."""
        if not self._seal_file.exists():
            raise Misconfigured(
                "this node holds no seal: it sends collected data only",
                where=f"seals/{self._seal_file.name}",
                remedy="put the institution's seal there, then `openrhip agent retry`",
            )
        return ofd.Seal.from_der(_bytes(self._seal_file))

    @cached_property
    def _keeper(self) -> Keeper:
        maker = Certificate.from_der(self.seal.data.maker)
        trust = self.config.keys / "trust"
        return Keeper(trust, (self.institution,), (maker, *self.seal.chain))

    @cached_property
    def timestamper(self) -> tsp.Timestamper:
        """The timestamp authority. Raises Misconfigured."""
        if not self.config.tsa_url:
            folder = self.config.keys / "tsa"
            return tsp.LocalTimestamper(
                tsp.Authority(SoftwareSigner.load(folder, "tsa", self._password))
            )
        return tsp.RemoteTimestamper(_poster(self.config.tsa_url))

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
        package = open_package(unsigned, exact=True)
        kinds = {line.kind for line in signing_records.listed(package)}
        if signing_records.SEAL in kinds:
            return unsigned
        # The seal is the last signature: a correction is a new document.
        if signing_records.SIGN in kinds:
            return signing.seal(
                unsigned,
                seal=self.seal,
                signer=self.institution,
                timestamper=self.timestamper,
                lock=True,
                revocation=self._keeper.of(None, self.timestamper),
            )
        author = self.staff(author_code(source_of(package)))
        return signing.sign_and_seal(
            unsigned,
            author=author,
            seal=self.seal,
            institution=self.institution,
            timestamper=self.timestamper,
            reason="作者签名",
            lock=True,
            revocation=self._keeper.of(author, self.timestamper),
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
    """A PDF as OFD: a cover sheet with the facts of its CDA description, each page as a picture
    with its text over it, both files attached. Raises Malformed, TooLarge.
    """
    document = cda.parse(companion)
    story = story_of(document, source=companion)
    cover: bytes = ofd.write(
        replace(
            story,
            blocks=_cover(document),
            header=(),
            first_header=None,
            footer=(),
            attachments=(
                *story.attachments,
                ofd.Attachment("original.pdf", "application/pdf", pdf),
            ),
        )
    )
    return as_medical(edit.merge([edit.Part(cover), edit.Part(wrapping.pages(pdf))]).data)


def _cover(document: cda.ClinicalDocument) -> list[ofd.Block]:
    """The cover sheet (封面): whose record, from whom, of what kind; with the places to sign."""
    patient, author = document.patient, next((a for a in document.authors if a.name), None)
    made = document.created_at
    rows = (
        (ofd.Field("姓名", patient.name), ofd.Field("性别", patient.sex.text)),
        (
            ofd.Field("出生日期", f"{patient.birth_date}" if patient.birth_date else ""),
            ofd.Field("文档类别", document.kind.title_zh),
        ),
        (
            ofd.Field("作者", author.name if author else ""),
            ofd.Field("文档时间", f"{made.astimezone(CITY_ZONE):%Y-%m-%d %H:%M}" if made else ""),
        ),
    )
    return [
        ofd.Heading(document.custodian.name, level=1),
        ofd.Heading(document.title, level=1),
        ofd.KeyValueGrid(rows=rows, columns=2),
        ofd.Paragraph("以下各页为原件图像，原件作为附件随本文件保存。"),
        ofd.SignatureLine(slots=(ofd.Slot("签名", anchor="author-signature"),), seal=True),
    ]


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
