"""Broken shared documents for tests/vectors/cda: one thing wrong in each, and what must be said."""
# ruff: noqa: E501

from __future__ import annotations

from collections.abc import Callable

from openrhip.formats.cda.kinds import Kind
from openrhip.formats.cda.samples.city import JINLING, patient
from sample_records.shared_document import Record, Signer, build, obs, pq, section, st

Change = Callable[[bytes], bytes]
PROLOGUE = b"<?xml version='1.0' encoding='UTF-8'?>\n"


def good() -> bytes:
    """A small record that is accepted."""
    team = JINLING.member
    return build(
        Record(
            kind=Kind.DISCHARGE_SUMMARY, number="JL-C0053-2026030100001", at="20260301100000", hospital=JINLING,
            patient=patient("qian"), author=team("JL0102"), numbers={"inpatient": "JL26022001"},
            signers=[Signer("住院医师", team("JL0102"), "20260301101500", legal=True)],
            department="心血管内科", ward="心内一病区", bed="3", start="20260220090000", end="20260301093000",
            sections=[
                section("11450-4", "PROBLEM LIST", obs("DE05.10.148.00", "入院情况", st("因“胸闷1周”入院。"))),
                section("8648-8", "Hospital Course", obs("DE06.00.310.00", "实际住院天数", pq(9, "天"))),
            ],
        )
    )  # fmt: skip


def swap(old: str, new: str) -> Change:
    def change(xml: bytes) -> bytes:
        if old.encode() not in xml:
            raise AssertionError(f"nothing to change: {old}")
        return xml.replace(old.encode(), new.encode(), 1)

    return change


def between(start: str, end: str, new: str) -> Change:
    """Replaces from the first `start` to the end of the next `end`."""

    def change(xml: bytes) -> bytes:
        at = xml.index(start.encode())
        stop = xml.index(end.encode(), at) + len(end.encode())
        return xml[:at] + new.encode() + xml[stop:]

    return change


def doctype(text: str, body: str = "因“胸闷1周”入院。") -> Change:
    def change(xml: bytes) -> bytes:
        return (
            PROLOGUE
            + text.encode()
            + xml.removeprefix(PROLOGUE).replace("因“胸闷1周”入院。".encode(), body.encode(), 1)
        )

    return change


LAUGHS = (
    "<!DOCTYPE lolz [<!ENTITY l0 'ha'>"
    + "".join(f"<!ENTITY l{at} '{f'&l{at - 1};' * 10}'>" for at in range(1, 10))
    + "]>\n"
)
ID = 'root="2.16.156.10011.1.3" extension="320100195708239942"'
IDS_FROM, IDS_TO = '<id root="2.16.156.10011.1.19"', '<addr use="H">'
EFFECTIVE = '<effectiveTime value="20260301100000"/>'
# name: (change, expected error code or finding codes)
BROKEN: dict[str, tuple[Change, str | tuple[str, ...]]] = {
    "empty": (lambda _: b"", "malformed"),
    "not-xml": (lambda _: "出院小结\n姓名：钱㛃\n".encode(), "malformed"),
    "truncated": (lambda xml: xml[: len(xml) // 2], "malformed"),
    "two-roots": (lambda xml: xml + b"<more/>", "malformed"),
    "entity-bomb": (doctype(LAUGHS, "&l9;"), "malformed"),
    "entity-external": (doctype("<!DOCTYPE d [<!ENTITY x SYSTEM 'file:///etc/hostname'>]>\n", "&x;"), "malformed"),
    "entity-unknown": (swap("因“胸闷1周”入院。", "&nbsp;"), "malformed"),
    "dtd-only": (doctype("<!DOCTYPE ClinicalDocument SYSTEM 'http://example.invalid/cda.dtd'>\n"), "malformed"),
    "wrong-root": (lambda xml: xml.replace(b"ClinicalDocument", b"Bundle"), "malformed"),
    "wrong-namespace": (swap("urn:hl7-org:v3", "urn:hl7-org:v2"), "malformed"),
    "template-missing": (between("<templateId", "/>", ""), "malformed"),
    "template-unknown": (swap("2.16.156.10011.2.1.1.73", "2.16.156.10011.2.1.1.999"), "malformed"),
    "kind-unknown": (swap('code="C0053"', 'code="C9999"'), "malformed"),
    "kind-disagrees": (swap('code="C0053"', 'code="C0049"'), ("kind-disagrees",)),
    "encoding-wrong": (lambda xml: xml.decode().replace("㛃", "洁").encode("gb18030"), "malformed"),
    "encoding-unknown": (swap("UTF-8", "X-NO-SUCH"), "malformed"),
    "encoding-utf16-said-utf8": (lambda xml: xml.decode().encode("utf-16-le"), ()),  # the bytes show it
    "deep": (swap("因“胸闷1周”入院。", "<a>" * 120 + "</a>" * 120), "too-large"),
    "id-missing": (between('<id root="2.16.156.10011.1.1"', "/>", ""), ("document-id",)),
    "id-unprintable": (swap("JL-C0053-2026030100001", "JL-C0053&#x202e;0001"), ("document-id-shape",)),
    "patient-id-missing": (lambda xml: between(IDS_FROM, IDS_TO, IDS_TO)(swap(f"<id {ID}/>", "")(xml)), ("patient-id",)),
    "patient-name-missing": (swap("<name>钱㛃</name>", "<name/>"), ("patient-name",)),
    "id-number-check-digit": (swap("320100195708239942", "320100195708239943"), ("id-number",)),
    "id-number-no-such-day": (swap("320100195708239942", "320100195702309942"), ("id-number",)),
    "id-number-15-digits": (swap("320100195708239942", "320100570823994"), ("id-number",)),
    "sex-disagrees": (swap('<administrativeGenderCode code="2"', '<administrativeGenderCode code="1"'), ("sex-disagrees",)),
    "sex-unknown-code": (swap('<administrativeGenderCode code="2"', '<administrativeGenderCode code="F"'), ("sex",)),
    "birth-disagrees": (swap('<birthTime value="19570823"/>', '<birthTime value="19570824"/>'), ("birth-disagrees",)),
    "birth-future": (swap('<birthTime value="19570823"/>', '<birthTime value="20991231"/>'), ("birth-disagrees", "birth-range", "encounter-before-birth")),
    "birth-unreadable": (swap('<birthTime value="19570823"/>', '<birthTime value="1957-08-23"/>'), ("time-unreadable",)),
    "document-future": (swap(EFFECTIVE, '<effectiveTime value="20990101000000"/>'), ("document-time-future",)),
    "document-time-missing": (swap(EFFECTIVE, "<effectiveTime/>"), ("document-time",)),
    "document-time-unreadable": (swap(EFFECTIVE, '<effectiveTime value="20261332256199"/>'), ("time-unreadable",)),
    "signature-future": (swap('<time value="20260301101500"/>', '<time value="20990301101500"/>'), ("signature-future",)),
    "encounter-reversed": (swap('<high value="20260301093000"/>', '<high value="20260101093000"/>'), ("encounter-order",)),
    "encounter-future": (swap('<low value="20260220090000"/>', '<low value="20990220090000"/>'), ("encounter-order", "encounter-future")),
    "author-missing": (between("<author", "</author>", ""), ("author",)),
    "custodian-missing": (between("<custodian", "</custodian>", ""), ("custodian", "custodian-name")),
    "custodian-check-digit": (lambda xml: xml.replace(b"123201069990001A3T", b"123201069990001A3U"), ("custodian-code",)),
    "confidentiality-missing": (between("<confidentialityCode", "/>", ""), ("confidentiality",)),
    "version-zero": (swap('<versionNumber value="1"/>', '<versionNumber value="0"/>'), ("version-invalid",)),
    "version-without-replaced": (swap('<versionNumber value="1"/>', '<versionNumber value="2"/>'), ("replacement",)),
    "replaces-itself": (
        swap("<componentOf", '<relatedDocument typeCode="RPLC"><parentDocument><id root="2.16.156.10011.1.1" extension="JL-C0053-2026030100001"/></parentDocument></relatedDocument><componentOf'),
        ("replacement",),
    ),
    "days-negative": (swap('value="9" unit="天"', 'value="-9" unit="天"'), ("quantity-negative",)),
    "days-no-number": (swap('value="9" unit="天"', 'value="九" unit="天"'), ("quantity-unreadable",)),
    "days-infinite": (swap('value="9" unit="天"', 'value="1e999" unit="天"'), ("quantity-unreadable",)),
    "picture-no-base64": (
        swap('<value xsi:type="ST">因“胸闷1周”入院。</value>', '<value xsi:type="ED" mediaType="image/png" representation="B64">@@@</value>'),
        ("media-unreadable",),
    ),
    "body-missing": (between("<structuredBody>", "</structuredBody>", "<structuredBody/>"), ("body",)),
    "several-faults": (
        lambda xml: swap("320100195708239942", "320100195708239943")(swap(EFFECTIVE, '<effectiveTime value="20990101000000"/>')(swap('value="9" unit="天"', 'value="-9" unit="天"')(xml))),
        ("document-time-future", "id-number", "quantity-negative"),
    ),
}  # fmt: skip


def made() -> dict[str, bytes]:
    base = good()
    return {"good": base} | {name: change(base) for name, (change, _) in BROKEN.items()}


def expected() -> dict[str, str | list[str]]:
    said = {
        name: want if isinstance(want, str) else list(want) for name, (_, want) in BROKEN.items()
    }
    return {"good": []} | said
