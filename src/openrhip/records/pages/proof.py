"""What a proof of the ledger shows, line by line (存证核验)."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from openrhip.directory.pages.words import chinese
from openrhip.formats.gm import sm3
from openrhip.formats.gm.findings import Finding
from openrhip.kernel.clock import CITY_ZONE
from openrhip.kernel.errors import Problem
from openrhip.ledger.rules import Entry, LogKey, Receipt, verify_receipt
from openrhip.records.service import AccessProof, evidence_of


@dataclass(frozen=True, slots=True)
class Line:
    """One check and whether it holds."""

    ok: bool
    text: str


def lines(findings: tuple[Finding, ...]) -> list[Line]:
    return [Line(item.ok, item.text_zh if chinese() else item.text_en) for item in findings]


def proof_lines(proof: AccessProof) -> list[Line]:
    """Verify the receipt anew, and open the commitments of the entry."""
    leaf = dict(proof.access.leaf)
    entry = Entry(str(leaf.pop("kind")), leaf)
    found = verify_receipt(
        entry.leaf, Receipt.from_dict(proof.receipt), log_key=LogKey.parse(proof.log_key)
    )
    shown = lines(tuple(found))
    salt = bytes.fromhex(proof.salt)
    for field, text in proof.opened.items():
        ok = entry.fields.get(field) == sm3.hexdigest(salt + text.encode())
        shown.append(Line(ok, _("条目里写的查看者就是上面这一位")))
    return [*shown, *_existence(proof.access.document_id)]


def _existence(document_id: str) -> list[Line]:
    """One line if the document has long-term evidence."""
    try:
        found = evidence_of(document_id)
    except Problem:
        return []
    day = found.since.astimezone(CITY_ZONE)
    text = _("长期证据:归档时间戳证明这份病历在 %(day)s 已经存在,多年后仍可核验")
    return [Line(True, text % {"day": f"{day:%Y-%m-%d}"})]
