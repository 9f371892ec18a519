"""A certificate authority for development (开发测试用 CA): never for production.

`create` makes a root, an issuing authority and the certificates of a small region. Every subject
carries 开发测试 DEVELOPMENT ONLY. Layout, with {key,cert,chain}.pem of each:
  ca/root, ca/issuing        the authorities (keys kept to issue more)
  ca/ocsp, ca/services       with `services`: who answers for the issuing authority, and where
  trust/                     root.cert.pem, root.crl.pem, issuing.crl.pem: what a verifier needs
  trust/makers/              maker.cert.pem: who may make seals (制章人)
  institutions/<code>        医疗机构      staff/<code>     医务人员
  tsa/tsa                    时间戳机构    maker/maker      制章人      centre/centre   区域中心
Keys are encrypted under the password; `password` is a file with mode 0600 beside them.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from openrhip.formats.gm import certs, crl
from openrhip.formats.gm.certs import Certificate, Profile
from openrhip.formats.gm.chain import MAKERS
from openrhip.formats.gm.names import Attribute
from openrhip.formats.gm.signer import SoftwareSigner
from openrhip.formats.gm.sm2 import PrivateKey
from openrhip.kernel import clock
from openrhip.kernel.errors import Conflict, Malformed, NotFound
from openrhip.kernel.files import make_folder, write_durably

MARK = "开发测试 DEVELOPMENT ONLY"
ITERATIONS = 50_000  # the password is random; its file is the weaker side
_YEAR = timedelta(days=365)
_SERVICES = re.compile(r"https?://[A-Za-z0-9.:\[\]-]{1,200}")
_CODE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True, slots=True)
class DevInstitution:
    """code: used as file name and organizationIdentifier; name: as on its seal."""

    code: str
    name: str


@dataclass(frozen=True, slots=True)
class DevStaff:
    """code: used as file name and UID; institution_code: where the person works."""

    code: str
    name: str
    institution_code: str


def create(
    folder: Path,
    *,
    institutions: Sequence[DevInstitution],
    staff: Sequence[DevStaff],
    password: bytes,
    services: str = "",
) -> None:
    """Make everything. Raises Conflict if an authority is there, Malformed for unusable codes.

    services: a web address, http://host:port, where `gm ocsp serve` will give lists and answers
    (撤销查询服务); certificates then name it.
    """
    if (folder / "ca" / "root.key.pem").exists():
        raise Conflict(
            "a development authority is already there", where=str(folder), remedy="use add"
        )
    _check(institutions, staff, known=())
    desk = _Desk(folder, password, clock.now(), services)
    if services:
        desk.write("ca/services", services.encode("ascii"), 0o644)
    root = desk.found("root", certs.ROOT, 20, None)
    issuing = desk.found("issuing", certs.ISSUING, 15, root)
    for name, authority in (("root", root), ("issuing", issuing)):
        desk.revocation_list(name, authority)
    desk.write("trust/root.cert.pem", root.certificate.pem(), 0o644)
    for place, title, profile in (
        ("tsa/tsa", "时间戳服务", certs.TIME_STAMPING),
        ("maker/maker", "电子印章制章人", certs.SIGNING),
        ("centre/centre", "区域卫生信息中心", certs.SIGNING),
        *((("ca/ocsp", "证书状态服务", certs.OCSP_SIGNING),) if services else ()),
    ):
        desk.enrol(place, _subject("区域卫生信息中心", title), profile, issuing)
    maker = (folder / "maker" / "maker.cert.pem").read_bytes()
    desk.write(f"trust/{MAKERS}/maker.cert.pem", maker, 0o644)
    desk.enrol_all(institutions, staff, issuing)


def add(
    folder: Path,
    *,
    institutions: Sequence[DevInstitution] = (),
    staff: Sequence[DevStaff] = (),
    password: bytes,
) -> None:
    """Issue more certificates from an authority that `create` made. Raises NotFound without one."""
    if not (folder / "ca" / "issuing.key.pem").exists():
        raise NotFound("no development authority here", where=str(folder), remedy="use create")
    known = [_known(path) for path in sorted((folder / "institutions").glob("*.cert.pem"))]
    _check(institutions, staff, known=known)
    issuing = SoftwareSigner.load(folder / "ca", "issuing", password)
    named = folder / "ca" / "services"
    services = named.read_text("ascii").strip() if named.exists() else ""
    desk = _Desk(folder, password, clock.now(), services)
    desk.enrol_all(institutions, staff, issuing, known=known)


def ensure_password(folder: Path) -> bytes:
    """The password in `<folder>/password`; made at random, mode 0600, when it is missing."""
    path = folder / "password"
    if not path.exists():
        write_durably(path, secrets.token_urlsafe(32).encode("ascii"), mode=0o600)
    return path.read_bytes().strip()


class _Desk:
    """Issues and writes below one folder at one instant."""

    def __init__(self, folder: Path, password: bytes, at: datetime, services: str = "") -> None:
        if services and not _SERVICES.fullmatch(services):
            raise Malformed("services is an address such as http://127.0.0.1:8319")
        self.services = services
        self.folder = folder
        self.password = password
        self.since = at - timedelta(days=1)
        self.at = at

    def found(
        self, name: str, profile: Profile, years: int, issuer: SoftwareSigner | None
    ) -> SoftwareSigner:
        """An authority: root when it has no issuer."""
        title = "根证书" if issuer is None else "签发机构"
        subject = _subject("OpenRHIP", f"{title} {MARK}")
        return self._issue(f"ca/{name}", subject, profile, years, issuer)

    def enrol(
        self, place: str, subject: list[Attribute], profile: Profile, issuer: SoftwareSigner
    ) -> None:
        self._issue(place, subject, profile, 10, issuer)

    def enrol_all(
        self,
        institutions: Sequence[DevInstitution],
        staff: Sequence[DevStaff],
        issuer: SoftwareSigner,
        *,
        known: Sequence[DevInstitution] = (),
    ) -> None:
        names = {one.code: one.name for one in (*known, *institutions)}
        for one in institutions:
            subject = _subject(one.name, one.name, ("organizationIdentifier", one.code))
            self.enrol(f"institutions/{one.code}", subject, certs.SIGNING, issuer)
        for person in staff:
            where = person.institution_code
            more = (("organizationIdentifier", where), ("UID", person.code))
            subject = _subject(names[where], person.name, *more)
            self.enrol(f"staff/{person.code}", subject, certs.SIGNING, issuer)

    def revocation_list(self, name: str, authority: SoftwareSigner) -> None:
        """An empty list that lasts as long as the development certificates."""
        made = crl.issue(
            issuer=authority.certificate,
            issuer_key=authority,
            revoked=(),
            this_update=self.since,
            next_update=self.since + 10 * _YEAR,
        )
        self.write(f"trust/{name}.crl.pem", made.pem(), 0o644)

    def _issue(
        self,
        place: str,
        subject: list[Attribute],
        profile: Profile,
        years: int,
        issuer: SoftwareSigner | None,
    ) -> SoftwareSigner:
        key = PrivateKey.generate()
        certificate = certs.issue(
            subject=subject,
            public_key=key.public_key,
            issuer=None if issuer is None else issuer.certificate,
            issuer_key=key if issuer is None else issuer,
            not_before=self.since,
            not_after=self.since + years * _YEAR,
            profile=profile,
            services=certs.NO_SERVICES if issuer is None else self._services(issuer),
        )
        chain = () if issuer is None else _without_root(issuer)
        self.write(f"{place}.key.pem", key.to_pem(self.password, iterations=ITERATIONS), 0o600)
        self.write(f"{place}.cert.pem", certificate.pem(), 0o644)
        self.write(f"{place}.chain.pem", b"".join(one.pem() for one in chain), 0o644)
        return SoftwareSigner(key, certificate, chain)

    def _services(self, issuer: SoftwareSigner) -> certs.Services:
        """Where the issuer's lists are, and its status service (only the issuing one has one)."""
        if not self.services:
            return certs.NO_SERVICES
        if issuer.certificate.self_issued:
            return certs.Services(crl=(f"{self.services}/root.crl",))
        return certs.Services(
            crl=(f"{self.services}/issuing.crl",), ocsp=(f"{self.services}/ocsp",)
        )

    def write(self, name: str, data: bytes, mode: int) -> None:
        path = self.folder / name
        make_folder(path.parent)
        write_durably(path, data, mode=mode)


def _without_root(issuer: SoftwareSigner) -> tuple[Certificate, ...]:
    return () if issuer.certificate.self_issued else (issuer.certificate, *issuer.chain)


def _subject(organization: str, name: str, *more: Attribute) -> list[Attribute]:
    return [("C", "CN"), ("O", organization), ("OU", MARK), *more, ("CN", name)]


def _known(path: Path) -> DevInstitution:
    certificate = Certificate.from_pem(path.read_bytes())
    return DevInstitution(path.name.removesuffix(".cert.pem"), certificate.organization)


def _check(
    institutions: Sequence[DevInstitution],
    staff: Sequence[DevStaff],
    *,
    known: Sequence[DevInstitution],
) -> None:
    """Codes become file names and must be told apart. Raises Malformed, Conflict or NotFound."""
    homes = [one.code for one in (*known, *institutions)]
    people = [one.code for one in staff]
    for code in (*homes, *people):
        if not _CODE.fullmatch(code):
            raise Malformed("a code has 1 to 64 letters, digits, dots, dashes or underscores")
    if len(set(homes)) < len(homes) or len(set(people)) < len(people):
        raise Conflict("a code occurs twice")
    if missing := sorted({one.institution_code for one in staff} - set(homes)):
        raise NotFound(f"staff of unknown institutions: {', '.join(missing)}")
