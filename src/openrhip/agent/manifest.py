"""Manifests (批次清单): what a batch of collected data holds, signed by the unit that sends it.

A batch is one unit, one table and one day. Its manifest is canonical JSON; the unit's SM2 key signs
those bytes (default signer id); both travel with the unit's certificate in an envelope. Node and
centre share this module; it does no I/O.

Whoever receives must, besides `parse` and `verify`: prove the certificate's chain and registration
(`directory.service.machines`), compare each file with its `size` and `sm3`, and not let a manifest
that was signed earlier replace what a later one brought (`sent_at`).
"""

from __future__ import annotations

import base64
import binascii
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from openrhip.agent.wire import MAX_CERTIFICATES, Signs
from openrhip.formats.gm import sm3
from openrhip.formats.gm.certs import Certificate
from openrhip.kernel import clock
from openrhip.kernel.canonical import canonical_json, parse_json
from openrhip.kernel.errors import Malformed, NotVerified, TooLarge

FORMAT = "openrhip-batch-1"
FORMATS = ("csv", "parquet", "cda")
ENCODINGS = ("utf-8", "gb18030")
DELIMITERS = (",", "\t", ";", "|")
MAX_ENVELOPE = 1_000_000  # bytes
MAX_FILES = 1_000
MAX_ROWS = 50_000_000
MAX_FILE = 16 << 30  # bytes of one file
MAX_BATCH = 32 << 30  # bytes of all files
MAX_NAME = 200  # bytes of a file's name in UTF-8
AHEAD = timedelta(minutes=5)  # how far a unit's clock may be before the centre's
REMEDY = "make the manifest as docs/collect.md describes, or with openrhip collect send"

_UNIT = re.compile(r"[0-9A-Za-z._-]{1,64}")
_TABLE = re.compile(r"[A-Z][A-Z0-9_]{0,63}")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
_HEX64 = re.compile(r"[0-9a-f]{64}")
_BASE64 = re.compile(r"[A-Za-z0-9+/]{80,8000}={0,2}")
_FIELDS = frozenset({"format", "unit", "table", "day", "sent_at", "rows", "files"})
_FILE_FIELDS = frozenset({"name", "format", "encoding", "delimiter", "rows", "bytes", "sm3"})
_ENVELOPE_FIELDS = frozenset({"manifest", "signature", "certificates"})


@dataclass(frozen=True, slots=True)
class BatchFile:
    """One file of a batch. rows: data rows, headers not counted; size in bytes; sm3 in hex.

    encoding and delimiter are of CSV; for the other formats they are empty.
    """

    name: str
    format: str
    rows: int
    size: int
    sm3: str
    encoding: str = ""
    delimiter: str = ""

    def as_dict(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "format": self.format,
            "encoding": self.encoding,
            "delimiter": self.delimiter,
            "rows": self.rows,
            "bytes": self.size,
            "sm3": self.sm3,
        }


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a unit says it sends. Made by `build` or `parse`, which check it."""

    unit: str
    table: str
    day: date
    sent_at: datetime
    files: tuple[BatchFile, ...]

    @property
    def rows(self) -> int:
        return sum(file.rows for file in self.files)

    @property
    def size(self) -> int:
        return sum(file.size for file in self.files)

    def canonical(self) -> bytes:
        """The bytes that are signed."""
        return canonical_json(
            {
                "format": FORMAT,
                "unit": self.unit,
                "table": self.table,
                "day": self.day.isoformat(),
                "sent_at": f"{self.sent_at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
                "rows": self.rows,
                "files": [file.as_dict() for file in self.files],
            }
        )

    @property
    def digest(self) -> str:
        """SM3 of the signed bytes: names this very sending."""
        return sm3.hexdigest(self.canonical())

    @property
    def content(self) -> str:
        """SM3 over what was sent, whenever: unit, table, day, each file and how it is to be read.

        Two sendings with the same content are the same batch.
        """
        read = [[file.sm3, file.format, file.encoding, file.delimiter] for file in self.files]
        parts = [self.unit, self.table, self.day.isoformat(), read]
        return sm3.hexdigest(canonical_json(parts))


@dataclass(frozen=True, slots=True)
class Envelope:
    """A manifest with its signature (DER) and the signer's certificates (DER, own first)."""

    manifest: Manifest
    signature: bytes
    certificates: tuple[bytes, ...]

    def encode(self) -> bytes:
        """The envelope as it travels and is kept."""
        return (
            b'{"certificates":'
            + canonical_json([_text(der) for der in self.certificates])
            + b',"manifest":'
            + self.manifest.canonical()
            + b',"signature":'
            + canonical_json(_text(self.signature))
            + b"}"
        )


def build(
    *,
    unit: str,
    table: str,
    day: date,
    files: Iterable[BatchFile],
    sent_at: datetime | None = None,
) -> Manifest:
    """The manifest of a batch, sent now unless said otherwise. Raises Malformed, TooLarge."""
    at = (sent_at or clock.now()).astimezone(UTC).replace(microsecond=0)
    return _checked(Manifest(unit=unit, table=table, day=day, sent_at=at, files=tuple(files)))


def sign(manifest: Manifest, signer: Signs) -> Envelope:
    """The manifest signed with the unit's key. Raises TooLarge."""
    certificates = tuple(cert.der for cert in (signer.certificate, *signer.chain))
    made = Envelope(manifest, signer.sign(manifest.canonical()), certificates)
    if len(made.encode()) > MAX_ENVELOPE:
        raise _too_large()
    return made


def parse(data: bytes) -> Envelope:
    """The envelope in these bytes; what it says is checked for form, nothing is verified yet.

    Raises Malformed, TooLarge.
    """
    if len(data) > MAX_ENVELOPE:
        raise _too_large()
    value = _object(parse_json(data, limit=MAX_ENVELOPE), _ENVELOPE_FIELDS, "envelope")
    certificates = value["certificates"]
    if not isinstance(certificates, list) or not 1 <= len(certificates) <= MAX_CERTIFICATES:
        raise Malformed(
            f"an envelope carries 1 to {MAX_CERTIFICATES} certificates, the signer's first",
            where="certificates",
            remedy=REMEDY,
        )
    return Envelope(
        manifest=_manifest(value["manifest"]),
        signature=_bytes(value["signature"], "signature"),
        certificates=tuple(_bytes(text, "certificates") for text in certificates),
    )


def read(data: bytes) -> Manifest:
    """A manifest out of its canonical bytes, as kept by whoever received it. Raises Malformed."""
    return _manifest(parse_json(data, limit=MAX_ENVELOPE))


def verify(envelope: Envelope, *, certificate: Certificate, now: datetime | None = None) -> None:
    """Raises NotVerified unless the holder of this certificate signed the manifest.

    The certificate is the one whose chain and registration the caller has proved.
    """
    manifest = envelope.manifest
    if not certificate.public_key.verify(envelope.signature, manifest.canonical()):
        raise NotVerified(
            "the signature of the manifest does not hold",
            where="signature",
            remedy="sign the canonical bytes of the manifest with the unit's own key",
        )
    if manifest.sent_at > (now or clock.now()) + AHEAD:
        raise NotVerified(
            "the manifest was signed in the future",
            where="manifest/sent_at",
            remedy="set the clock of the machine that signs",
        )


def check_name(name: str, *, where: str = "name") -> str:
    """The name itself if it is a plain file name. Raises Malformed: no path comes in by a name."""
    plain = name.isprintable() and not set(name) & set('/\\:*?"<>|')
    fits = 0 < len(name.encode(errors="replace")) <= MAX_NAME
    if not plain or not fits or name[0] in ". ~-" or name[-1] in ". ":
        raise Malformed(
            f"a file's name has 1 to {MAX_NAME} bytes, no folder and no control characters",
            where=where,
            remedy="rename the file: letters, digits, Chinese characters, - _ .",
        )
    return name


def _manifest(value: Any) -> Manifest:
    fields = _object(value, _FIELDS, "manifest")
    if fields["format"] != FORMAT:
        raise Malformed(
            f"only manifests of format {FORMAT} are read", where="manifest/format", remedy=REMEDY
        )
    files = fields["files"]
    if not isinstance(files, list) or not 1 <= len(files) <= MAX_FILES:
        raise _too_many()
    made = Manifest(
        unit=_matching(fields["unit"], _UNIT, "manifest/unit"),
        table=_matching(fields["table"], _TABLE, "manifest/table"),
        day=date.fromisoformat(_existing(fields["day"], _DAY, "manifest/day")),
        sent_at=datetime.fromisoformat(_existing(fields["sent_at"], _TIME, "manifest/sent_at")),
        files=tuple(_file(item, f"manifest/files/{at}") for at, item in enumerate(files)),
    )
    if _count(fields["rows"], MAX_ROWS, "manifest/rows") != made.rows:
        raise Malformed(
            "rows is not the sum of the files' rows", where="manifest/rows", remedy=REMEDY
        )
    return _checked(made)


def _file(value: Any, where: str) -> BatchFile:
    fields = _object(value, _FILE_FIELDS, where)
    for name in ("name", "format", "encoding", "delimiter"):
        if not isinstance(fields[name], str):
            raise Malformed("a text is expected", where=f"{where}/{name}", remedy=REMEDY)
    return BatchFile(
        name=fields["name"],
        format=fields["format"],
        encoding=fields["encoding"],
        delimiter=fields["delimiter"],
        rows=_count(fields["rows"], MAX_ROWS, f"{where}/rows"),
        size=_count(fields["bytes"], MAX_FILE, f"{where}/bytes"),
        sm3=_matching(fields["sm3"], _HEX64, f"{where}/sm3"),
    )


def _checked(manifest: Manifest) -> Manifest:
    """Raises Malformed or TooLarge for a manifest nobody may send."""
    _matching(manifest.unit, _UNIT, "manifest/unit")
    _matching(manifest.table, _TABLE, "manifest/table")
    if not 1 <= len(manifest.files) <= MAX_FILES:
        raise _too_many()
    if manifest.rows > MAX_ROWS or manifest.size > MAX_BATCH:
        raise TooLarge(
            f"a batch has at most {MAX_ROWS} rows and {MAX_BATCH} bytes",
            where="manifest",
            remedy="a batch is one table of one day: check what was exported",
        )
    names: set[str] = set()
    for at, file in enumerate(manifest.files):
        where = f"manifest/files/{at}"
        _check_file(file, where)
        same = unicodedata.normalize("NFKC", file.name).casefold()
        if same in names:
            raise Malformed("two files have the same name", where=f"{where}/name", remedy=REMEDY)
        names.add(same)
    if len({file.format == "cda" for file in manifest.files}) > 1:
        raise Malformed(
            "CDA documents are not mixed with tables", where="manifest/files", remedy=REMEDY
        )
    return manifest


def _check_file(file: BatchFile, where: str) -> None:
    check_name(file.name, where=f"{where}/name")
    if file.format not in FORMATS:
        raise Malformed(
            f"a file's format is one of {', '.join(FORMATS)}",
            where=f"{where}/format",
            remedy=REMEDY,
        )
    csv = file.format == "csv"
    if file.encoding not in (ENCODINGS if csv else ("",)):
        raise Malformed(
            f"CSV has encoding {' or '.join(ENCODINGS)}; other formats have none",
            where=f"{where}/encoding",
            remedy=REMEDY,
        )
    if file.delimiter not in (DELIMITERS if csv else ("",)):
        raise Malformed(
            "CSV is delimited by comma, tab, semicolon or bar; other formats have no delimiter",
            where=f"{where}/delimiter",
            remedy=REMEDY,
        )
    _count(file.rows, MAX_ROWS, f"{where}/rows")
    _count(file.size, MAX_FILE, f"{where}/bytes")
    _matching(file.sm3, _HEX64, f"{where}/sm3")


def _object(value: Any, names: frozenset[str], where: str) -> Mapping[str, Any]:
    """The object, if it has exactly these fields."""
    if not isinstance(value, dict):
        raise Malformed("an object is expected", where=where, remedy=REMEDY)
    if set(value) != names:
        missing, strange = sorted(names - set(value)), len(set(value) - names)
        what = f"lacks {', '.join(missing)}" if missing else f"has {strange} fields nobody knows"
        raise Malformed(f"it {what}", where=where, remedy=REMEDY)
    return value


def _matching(value: Any, shape: re.Pattern[str], where: str) -> str:
    if not isinstance(value, str) or not shape.fullmatch(value):
        raise Malformed("it has another form", where=where, remedy=REMEDY)
    return value


def _existing(value: Any, shape: re.Pattern[str], where: str) -> str:
    """A date or a time that the calendar has."""
    text = _matching(value, shape, where)
    try:
        datetime.fromisoformat(text)
    except ValueError as error:
        raise Malformed("the calendar has no such day or time", where=where) from error
    return text


def _count(value: Any, most: int, where: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise Malformed("a whole number is expected", where=where, remedy=REMEDY)
    if value > most:
        raise TooLarge(f"at most {most} are taken", where=where)
    return value


def _bytes(value: Any, where: str) -> bytes:
    text = _matching(value, _BASE64, where)
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise Malformed("it is no Base64", where=where, remedy=REMEDY) from error


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _too_large() -> TooLarge:
    return TooLarge(
        f"an envelope has at most {MAX_ENVELOPE} bytes",
        where="envelope",
        remedy="send fewer files in one batch",
    )


def _too_many() -> Malformed:
    return Malformed(
        f"a batch has 1 to {MAX_FILES} files",
        where="manifest/files",
        remedy="put the day's rows of the table into fewer files; none at all: one empty file",
    )
