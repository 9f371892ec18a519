"""Validation of certificate chains (证书信任链) at an instant (RFC 5280 6, GM/T 0015, GM/T 0034).

Everything is checked and said, not only the first fault: signature, validity, basic constraints,
path length, key usage, unknown critical extensions, revocation. What cannot be known (no list that
covers the instant) fails too, under a code of its own, so that a caller may call it indeterminate.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from openrhip.formats.gm import certs, ocsp, oids, status
from openrhip.formats.gm.certs import Certificate
from openrhip.formats.gm.crl import Crl
from openrhip.formats.gm.findings import Finding
from openrhip.kernel.errors import Misconfigured, Problem

LONGEST_CHAIN = 8
MAKERS = "makers"
"""Subfolder of a trust folder: certificates of those who may make seals."""
PINNED = "pinned"
"""Subfolder of a trust folder: certificates that are trusted as they are."""
MOST_INTERMEDIATES = 16
# Codes whose failure means "cannot be known" and not "is wrong"
UNKNOWN_CODES = frozenset({"chain.anchor", "cert.revocation-unknown"})
_UNDERSTOOD = frozenset(
    {oids.BASIC_CONSTRAINTS, oids.KEY_USAGE, oids.EXTENDED_KEY_USAGE, oids.SUBJECT_ALT_NAME}
    | {oids.CERTIFICATE_POLICIES, oids.CRL_POINTS, oids.SUBJECT_KEY_ID, oids.AUTHORITY_KEY_ID}
)
_EXTENDED = {
    "timeStamping": oids.EKU_TIME_STAMPING,
    "clientAuth": oids.EKU_CLIENT_AUTH,
    "serverAuth": oids.EKU_SERVER_AUTH,
}


_DOCUMENTS = frozenset(
    {oids.EKU_DOCUMENT, oids.EKU_DOCUMENT_MICROSOFT, oids.EKU_DOCUMENT_ADOBE}
    | {oids.EKU_EMAIL, oids.EKU_ANY}
)
"""Purposes under which people sign texts (RFC 9336 and what authorities used before it)."""


class TrustStore:
    """Trusted roots, lists and answers about revocation, and issuers trusted only by chain.

    seal_makers: fingerprints of those who may make seals (制章人); empty if nobody listed them.
    """

    def __init__(
        self,
        roots: Sequence[Certificate],
        crls: Sequence[Crl] = (),
        intermediates: Sequence[Certificate] = (),
        seal_makers: Iterable[Certificate | str] = (),
        answers: Sequence[ocsp.Answer] = (),
    ) -> None:
        """seal_makers: their certificates, or SM3 fingerprints of these in hexadecimal.

        answers: of status services (OCSP), believed like lists only if the issuer stands behind.
        """
        self.roots = tuple(roots)
        self.crls = tuple(crls)
        self.intermediates = tuple(intermediates)
        self.answers = tuple(answers)
        self.seal_makers = frozenset(
            one.lower() if isinstance(one, str) else one.fingerprint for one in seal_makers
        )

    @classmethod
    def load_folder(cls, path: Path | str) -> TrustStore:
        """From the *.pem, *.cer, *.crt, *.crl and *.ocsp files of a folder.

        Self-issued certificates are roots; *.ocsp are answers of status services (DER). Those in
        its subfolder `makers` are the seal makers' certificates, those in `pinned` are trusted
        as they are, whoever issued them. Raises Misconfigured when a folder or a file in it cannot
        be used, or nothing to trust is there.
        """
        path = Path(path)
        found, crls, answers = _read_folder(path)
        roots = [certificate for certificate in found if certificate.self_issued]
        pinned, makers = (
            _read_folder(path / name)[0] if (path / name).exists() else []
            for name in (PINNED, MAKERS)
        )
        roots += pinned
        if not roots:
            raise Misconfigured(
                "the trust folder holds no root certificate",
                where=str(path),
                remedy=f"put roots into it; into its subfolder {PINNED} what is trusted as it is",
            )
        others = [one for one in found if not one.self_issued]
        return cls(roots, crls, others, makers, answers)

    def with_crls(self, crls: Iterable[Crl]) -> TrustStore:
        """The same trust with more lists (each is believed only if its issuer signed it)."""
        return self.knowing(crls=crls)

    def knowing(
        self,
        *,
        intermediates: Iterable[Certificate] = (),
        crls: Iterable[Crl] = (),
        answers: Iterable[ocsp.Answer] = (),
    ) -> TrustStore:
        """The same trust with more at hand: issuers, lists, answers. None of them adds a root."""
        return TrustStore(
            self.roots,
            tuple(dict.fromkeys((*self.crls, *crls))),
            tuple(dict.fromkeys((*self.intermediates, *intermediates))),
            self.seal_makers,
            tuple(dict.fromkeys((*self.answers, *answers))),
        )


def _read_folder(path: Path) -> tuple[list[Certificate], list[Crl], list[ocsp.Answer]]:
    """What stands in the files of one folder. Raises Misconfigured."""
    found: list[Certificate] = []
    crls: list[Crl] = []
    answers: list[ocsp.Answer] = []
    try:
        files = sorted(path.iterdir())
    except OSError as error:
        raise Misconfigured("the trust folder cannot be read", where=str(path)) from error
    for file in files:
        if file.suffix not in {".pem", ".cer", ".crt", ".crl", ".ocsp"}:
            continue
        try:
            if file.suffix == ".ocsp":
                answers.append(ocsp.read_any(file.read_bytes()))
            elif file.suffix == ".crl" or file.name.endswith(".crl.pem"):
                crls.append(Crl.from_pem(file.read_bytes()))
            else:
                found += certs.load_all(file.read_bytes())
        except (OSError, Problem) as error:
            what = f"a file of the trust folder cannot be used: {error}"
            raise Misconfigured(what, where=str(file)) from error
    return found, crls, answers


@dataclass(frozen=True, slots=True)
class ChainReport:
    """ok: every finding holds. chain: from the leaf up to the root, as far as it could be built."""

    ok: bool
    findings: tuple[Finding, ...]
    chain: tuple[Certificate, ...]

    @property
    def indeterminate(self) -> bool:
        """Not ok, but nothing was found to be wrong: something could not be known."""
        failed = [finding.code for finding in self.findings if not finding.ok]
        return bool(failed) and UNKNOWN_CODES.issuperset(failed)


def validate(
    leaf: Certificate,
    intermediates: Sequence[Certificate],
    trust: TrustStore,
    *,
    at: datetime,
    usage: str | None,
) -> ChainReport:
    """Judge `leaf` at the instant.

    usage: a KeyUsage name, or timeStamping, clientAuth, serverAuth, documentSigning (signing
    key usage, and no list of purposes that leaves documents out); None asks for none.
    """
    pool = _concerned(leaf, (*intermediates, *trust.intermediates))
    path, anchored = _build(leaf, pool, trust)
    findings = [_anchor(anchored), *_usage(leaf, usage)]
    if not anchored:
        findings += _forged(path, (*pool, *trust.roots))
    for level, certificate in enumerate(path):
        issuer = path[level + 1] if level + 1 < len(path) else None
        findings += _one(certificate, issuer, level, at, trust)
    return ChainReport(all(finding.ok for finding in findings), tuple(findings), path)


def _concerned(leaf: Certificate, pool: Sequence[Certificate]) -> tuple[Certificate, ...]:
    """Those that issuer names lead to from the leaf, by key identifier first; at most so many."""
    found: dict[Certificate, None] = {}
    wanted: list[Certificate] = [leaf]
    while wanted:
        names = {one.issuer_attributes for one in wanted}
        keys = {one.authority_key_id for one in wanted}
        fresh = [one for one in pool if one.attributes in names and one not in found]
        fresh.sort(key=lambda one: one.key_id not in keys)
        wanted = list(dict.fromkeys(fresh))[: MOST_INTERMEDIATES - len(found)]
        found.update(dict.fromkeys(wanted))
    return tuple(found)


def _build(
    leaf: Certificate, pool: Sequence[Certificate], trust: TrustStore
) -> tuple[tuple[Certificate, ...], bool]:
    """The shortest path to a root and True, or the longest path that was found and False."""
    candidates = (*trust.roots, *pool)
    waiting: deque[tuple[Certificate, ...]] = deque([(leaf,)])
    seen = {leaf}  # every certificate is taken up once: tangled cross-certificates end
    best: tuple[Certificate, ...] = (leaf,)
    while waiting:
        best = path = waiting.popleft()
        if path[-1] in trust.roots:
            return path, True
        if len(path) == LONGEST_CHAIN:
            continue
        for one in candidates:
            if one not in seen and issued(one, path[-1]):
                seen.add(one)
                waiting.append((*path, one))
    return best, False


def issued(issuer: Certificate, certificate: Certificate) -> bool:
    """Whether name and key of the one made the other."""
    return issuer.attributes == certificate.issuer_attributes and certificate.signed_by(issuer)


def _forged(path: tuple[Certificate, ...], candidates: Sequence[Certificate]) -> Iterator[Finding]:
    """Where the path ends although the issuer it names, with the key it names, is at hand."""
    last = path[-1]
    for one in candidates:
        if (
            one.attributes == last.issuer_attributes
            and last.authority_key_id in {None, one.key_id}
            and not last.signed_by(one)
        ):
            yield Finding(
                "cert.signature",
                False,
                "签发者对证书的签名无效",
                "the issuer's signature does not hold",
                _where(last, len(path) - 1),
            )
            return


def _anchor(anchored: bool) -> Finding:
    if anchored:
        return Finding(
            "chain.anchor",
            True,
            "证书信任链完整，终止于受信任的根证书",
            "the chain ends in a trusted root",
        )
    return Finding(
        "chain.anchor",
        False,
        "无法构造到受信任根证书的证书信任链：缺少签发者证书，或签发者签名不符，或根证书不受信任",
        "no chain to a trusted root: an issuer is missing, did not sign it, or is not trusted",
    )


def _usage(leaf: Certificate, usage: str | None) -> list[Finding]:
    if usage is None:
        return []
    if usage == "documentSigning":
        return [_signs_documents(leaf)]
    if usage in _EXTENDED:
        oid = _EXTENDED[usage]
        ok = oid in leaf.extended_key_usage
        if usage == "timeStamping":  # RFC 3161 2.3: critical, and for nothing else
            extension = leaf.extensions.get(oids.EXTENDED_KEY_USAGE)
            ok = leaf.extended_key_usage == (oid,) and extension is not None and extension.critical
            ok = ok and bool(leaf.key_usage & {"digitalSignature", "nonRepudiation"})
        name = "扩展密钥用法"
    else:
        ok, name = usage in leaf.key_usage, "密钥用法"
    return [
        Finding(
            "cert.usage",
            ok,
            f"证书{name}{'包含' if ok else '不包含'} {usage}",
            f"the certificate is {'' if ok else 'not '}meant for {usage}",
            _where(leaf, 0),
        )
    ]


def _signs_documents(leaf: Certificate) -> Finding:
    """Either signing usage of GM/T 0015; purposes, where listed, must include documents."""
    usable = bool(leaf.key_usage & {"digitalSignature", "nonRepudiation"})
    purposes = leaf.extended_key_usage
    meant = oids.EXTENDED_KEY_USAGE not in leaf.extensions or not _DOCUMENTS.isdisjoint(purposes)
    if usable and meant:
        zh, en = "证书可用于签署文件", "the certificate is meant for signing documents"
    elif usable:
        zh = f"证书扩展密钥用法仅限其他用途（{', '.join(purposes)}），不得用于签署文件"
        en = f"the certificate is for other purposes ({', '.join(purposes)}), not for documents"
    else:
        zh, en = "证书密钥用法不包含数字签名", "the certificate's key usage does not allow signing"
    return Finding("cert.usage", usable and meant, zh, en, _where(leaf, 0))


def _one(
    certificate: Certificate,
    issuer: Certificate | None,
    level: int,
    at: datetime,
    trust: TrustStore,
) -> Iterator[Finding]:
    where = _where(certificate, level)
    yield _validity(certificate, at, where)
    yield _extensions(certificate, where)
    if level:
        yield from _authority(certificate, level, where)
    if issuer is not None:
        yield Finding(
            "cert.signature", True, "签发者对证书的签名有效", "the issuer's signature holds", where
        )
        yield status.judge(certificate, issuer, at, (trust.crls, trust.answers), where)


def _validity(certificate: Certificate, at: datetime, where: str) -> Finding:
    span = f"{certificate.not_before:%Y-%m-%d} – {certificate.not_after:%Y-%m-%d}"
    ok = certificate.not_before <= at <= certificate.not_after
    moment = f"{at:%Y-%m-%dT%H:%M:%SZ}"
    return Finding(
        "cert.validity",
        ok,
        f"{moment} {'在' if ok else '不在'}证书有效期内（{span}）",
        f"{moment} is {'within' if ok else 'outside'} the validity period ({span})",
        where,
    )


def _extensions(certificate: Certificate, where: str) -> Finding:
    unknown = sorted(
        oid
        for oid, row in certificate.extensions.items()
        if row.critical and oid not in _UNDERSTOOD
    )
    listed = ", ".join(unknown)
    return Finding(
        "cert.extensions",
        not unknown,
        f"含有无法识别的关键扩展项：{listed}" if unknown else "没有无法识别的关键扩展项",
        f"critical extensions not understood: {listed}"
        if unknown
        else "no unknown critical extension",
        where,
    )


def _authority(certificate: Certificate, level: int, where: str) -> Iterator[Finding]:
    signs = "keyCertSign" in certificate.key_usage or not certificate.key_usage
    ok = certificate.is_ca and signs
    yield Finding(
        "cert.ca",
        ok,
        "基本限制与密钥用法允许签发证书" if ok else "基本限制或密钥用法不允许签发证书",
        f"basicConstraints and keyUsage {'allow' if ok else 'do not allow'} issuing certificates",
        where,
    )
    limit = certificate.path_length
    if limit is not None:
        ok = level - 1 <= limit
        yield Finding(
            "cert.path-length",
            ok,
            f"路径长度限制 {limit}，其下有 {level - 1} 级签发者",
            f"path length limit {limit}, {level - 1} issuers below it",
            where,
        )


def _where(certificate: Certificate, level: int) -> str:
    name = "leaf" if level == 0 else f"issuer {level}"
    return f"{name} {certificate.fingerprint[:16]}"
