"""What a timestamp is judged by in decades (核验材料): certificates, revocation lists, answers.

It travels in the token itself: certificates and lists in the fields that SignedData has for them,
answers of status services in an unsigned attribute. A later timestamp over the token covers it
too. What was learnt after that goes into cryptoInfos. Nothing of it is believed but what its
issuers signed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from openrhip.formats.gm import cms, der, ocsp, tsp
from openrhip.formats.gm.certs import Certificate
from openrhip.formats.gm.chain import TrustStore
from openrhip.formats.gm.crl import Crl
from openrhip.formats.gm.ers.structures import EvidenceRecord
from openrhip.formats.gm.revocation import RevocationData
from openrhip.kernel.errors import Malformed, TooLarge

# Attributes of RFC 5126 6.3: id-aa-ets-certValues, id-aa-ets-revocationValues
CERTIFICATES = "1.2.840.113549.1.9.16.2.23"
REVOCATION = "1.2.840.113549.1.9.16.2.24"
MOST = 1024
"""Certificates, lists or answers in a record; an attribute holds a quarter of that."""
_TOKEN, _INFOS = "timestamp token", "cryptoInfos"


def of_record(record: EvidenceRecord) -> RevocationData:
    """Everything a record carries. Raises Malformed or TooLarge."""
    parts = [*(of_token(stamp.token) for stamp in record.stamps()), of_infos(record.infos)]
    found = RevocationData(
        tuple(dict.fromkeys(one for part in parts for one in part.certificates)),
        tuple(dict.fromkeys(one for part in parts for one in part.crls)),
        tuple(dict.fromkeys(one for part in parts for one in part.answers)),
    )
    if max(len(found.certificates), len(found.crls), len(found.answers)) > MOST:
        raise TooLarge(f"more than {MOST} certificates, lists or answers", where=_INFOS)
    return found


def of_token(token: bytes) -> RevocationData:
    """What a token carries. Raises Malformed or TooLarge."""
    signed, _ = tsp.open_token(token)
    more = of_infos(signed.signers[0].unsigned)
    return RevocationData(signed.certificates, signed.crls) + more


def of_trust(trust: TrustStore, at: datetime, *, most: int = 48) -> RevocationData:
    """What a verifier trusts and knows at the instant, to be kept beside a timestamp: roots,
    issuers, lists and answers that are current, at most so many of each, the newest first.
    """
    lists = [one for one in trust.crls if one.next_update is None or one.next_update >= at]
    lists.sort(key=lambda one: one.this_update, reverse=True)
    certificates = (*trust.roots, *trust.intermediates)
    return RevocationData(certificates[:most], tuple(lists[:most]), trust.answers[:most])


def of_infos(infos: Mapping[str, Iterable[bytes]]) -> RevocationData:
    """What attributes carry, those of cryptoInfos or unsigned ones. Raises Malformed, TooLarge."""
    found = RevocationData()
    for value in infos.get(CERTIFICATES, ()):
        members = _members(der.read(value, _INFOS))
        found += RevocationData(tuple(Certificate.from_der(one) for one in members))
    for value in infos.get(REVOCATION, ()):
        fields = der.Fields(der.read(value, _INFOS), _INFOS)
        crls, answers = fields.maybe(der.context(0)), fields.maybe(der.context(1))
        fields.maybe(der.context(2))  # other forms of revocation data: none is understood
        fields.end()
        found += RevocationData(
            crls=tuple(map(Crl.from_der, _wrapped(crls))),
            answers=tuple(map(ocsp.Answer.from_der, _wrapped(answers))),
        )
    return found


def infos_of(data: RevocationData) -> dict[str, tuple[bytes, ...]]:
    """The attributes of cryptoInfos for this."""
    certificates, revocation = der.read(data.encode(), _INFOS).children()
    return {
        **({CERTIFICATES: (certificates.raw,)} if certificates.content else {}),
        **({REVOCATION: (revocation.raw,)} if revocation.content else {}),
    }


def into_token(token: bytes, data: RevocationData) -> bytes:
    """The token with this beside what it carries; its signature does not cover either.

    Raises Malformed or TooLarge.
    """
    signed, _ = tsp.open_token(token)
    outer = der.read(token, _TOKEN).children()
    fields = der.Fields(outer[1].only(_TOKEN), _TOKEN)
    head = [fields.take(name).raw for name in ("version", "digestAlgorithms", "contentInfo")]
    fields.maybe(der.context(0))
    fields.maybe(der.context(1))
    infos = fields.take("signerInfos", der.SET)
    held = of_token(token) + data
    certificates, crls = held.certificates, tuple(dict.fromkeys((*signed.crls, *data.crls)))
    if max(len(certificates), len(crls), len(held.answers)) > cms.MOST_MEMBERS:
        raise TooLarge(f"more than {cms.MOST_MEMBERS} certificates or lists", where=_TOKEN)
    body = der.sequence(
        *head,
        der.explicit(0, *sorted(one.der for one in certificates)) if certificates else b"",
        der.explicit(1, *sorted(one.der for one in crls)) if crls else b"",
        der.set_of(_with_answers(infos.only(_TOKEN), held)),
    )
    return der.sequence(outer[0].raw, der.explicit(0, body))


def _with_answers(info: der.Node, held: RevocationData) -> bytes:
    """SignerInfo with the answers of status services in its unsigned attributes."""
    members = info.children()
    others = []
    if members[-1].tag == der.context(1):
        others = [one.raw for one in members.pop().children() if not _is_revocation(one)]
    if held.answers:
        answers = RevocationData(answers=held.answers)
        others.append(cms.attribute(REVOCATION, *infos_of(answers)[REVOCATION]))
    block = der.explicit(1, *sorted(others)) if others else b""
    return der.sequence(*(one.raw for one in members), block)


def _is_revocation(attribute: der.Node) -> bool:
    return attribute.children()[0].oid(_TOKEN) == REVOCATION


def _wrapped(node: der.Node | None) -> list[bytes]:
    return [] if node is None else _members(node.only(_INFOS).expect(der.SEQUENCE, _INFOS))


def _members(node: der.Node) -> list[bytes]:
    found = node.children()
    if len(found) > MOST // 4:
        raise TooLarge(f"more than {MOST // 4} members", where=_INFOS)
    if any(one.tag != der.SEQUENCE for one in found):
        raise Malformed("not certificates, lists or answers", where=_INFOS)
    return [one.raw for one in found]
