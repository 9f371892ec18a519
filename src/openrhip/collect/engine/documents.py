"""Shared documents as rows (共享文档转数据行): one document, one row of the table of its kind.

A column is filled through its data element: out of the header where the header has it, else out of
the body. Where several columns have one element, the words beside the values decide, then their
order. What a document does not say stays empty; the rules judge that, as they do for any row.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from openrhip.collect.rules.jobs import InputFile
from openrhip.collect.rules.tables import Column, Table, Type
from openrhip.formats import cda
from openrhip.formats.cda import catalogue as described
from openrhip.formats.cda import oids, tree
from openrhip.formats.cda.catalogue import Slot
from openrhip.formats.cda.generate.record import Code, Item, Person, Quantity
from openrhip.formats.cda.model import ClinicalDocument, Entry, Moment, Value
from openrhip.kernel.clock import CITY_ZONE
from openrhip.kernel.errors import Malformed, Problem, TooLarge

MOST_DOCUMENTS = 50_000
_AT_ONCE = 500
_NAME = "DE02.01.039.00"
_Said = tuple[str, Any]  # the words that say which value it is, and the value


def as_table(files: Sequence[InputFile], table: Table, out: Path) -> InputFile:
    """The documents of a batch as one Parquet file of texts, in order; line numbers are theirs.

    Raises Malformed or TooLarge, naming the file, for what is no document of the table's kind.
    """
    schema = pa.schema([(column.name, pa.string()) for column in table.columns])
    rows = 0
    found = (_row(name, xml, table) for name, xml in _documents(files))
    with pq.ParquetWriter(out, schema, compression="zstd") as writer:
        while piece := list(islice(found, _AT_ONCE)):
            writer.write_table(pa.Table.from_pylist(piece, schema))
            rows += len(piece)
    return InputFile(path=out, name="documents", format="parquet", rows=rows)


def row_of(document: ClinicalDocument, table: Table) -> dict[str, str | None]:
    """The row that a document makes; None where it says nothing."""
    reading = _Reading(document)
    row: dict[str, str | None] = {}
    coded: dict[str, Any] = {}
    for column in table.columns:
        text, value = reading.fill(column, table)
        if not text and column.name in table.key and not column.element:
            text = document.document_id.extension  # the row is this document's
        row[column.name] = text or None
        if value is not None:
            coded[column.name] = value
    for column in table.columns:
        value = coded.get(column.name_of)
        if isinstance(value, Code) and not row[column.name]:
            row[column.name] = value.name or None
    return row


def _row(name: str, xml: bytes, table: Table) -> dict[str, str | None]:
    try:
        document = cda.parse(xml)
    except Problem as problem:
        place = f"{name}, {problem.where}" if problem.where else name
        raise type(problem)(problem.what, where=place, remedy=problem.remedy) from problem
    if document.kind.code != table.cda:
        raise Malformed(
            f"this is a document {document.kind.code}; the table takes {table.cda or 'none'}",
            where=name,
            remedy="send each kind of document for its own table",
        )
    return row_of(document, table)


def _documents(files: Iterable[InputFile]) -> Iterator[tuple[str, bytes]]:
    """Each document with its name: a file itself, or those inside a zip archive, by name."""
    left = MOST_DOCUMENTS
    for file in files:
        if not file.name.lower().endswith(".zip"):
            left = _counted(left)
            with file.path.open("rb") as source:
                yield file.name, source.read(tree.MAX_BYTES + 1)
            continue
        for name, xml in _archived(file):
            left = _counted(left)
            yield name, xml


def _counted(left: int) -> int:
    if not left:
        raise TooLarge(f"a batch has at most {MOST_DOCUMENTS} documents", where="files")
    return left - 1


def _archived(file: InputFile) -> Iterator[tuple[str, bytes]]:
    """Names in an archive are only said, never written; a bomb ends at a document's bound."""
    try:
        with zipfile.ZipFile(file.path) as archive:
            inner = [one for one in archive.infolist() if one.filename.lower().endswith(".xml")]
            for one in sorted(inner, key=lambda entry: entry.filename):
                with archive.open(one) as source:
                    yield f"{file.name}/{_shown(one.filename)}", source.read(tree.MAX_BYTES + 1)
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError, ValueError) as error:
        raise Malformed(
            f"the archive cannot be read: {type(error).__name__}",
            where=file.name,
            remedy="pack the documents anew, as a plain zip archive without a password",
        ) from error


def _shown(name: str) -> str:
    return "".join(one for one in name[-80:] if one.isprintable())


class _Reading:
    """What one document says, and which of it a column has taken already."""

    def __init__(self, document: ClinicalDocument) -> None:
        self.document = document
        self.said: dict[str, list[_Said]] = {}
        self.people = [*document.authors, *document.authenticators, *document.participants]
        for one in (document.legal_authenticator, document.data_enterer):
            self.people += [one] if one else []
        kind, record = cda.record_of(document.source)
        for key, content in record.values.items():
            self._take(described.of(kind).entries[key][1], content, "")
        known = set(self.said)
        for section in document.sections:
            self._note(section.entries, known)
            for inner in section.sections:
                self._note(inner.entries, known)

    def _take(self, slot: Slot, content: Any, above: str) -> None:
        """Values in the places that the standard describes, with the names from the group down."""
        words = above + slot.name
        parts = {part.key: part for part in slot.parts}
        for one in content if isinstance(content, tuple) else (content,):
            value = one.value if isinstance(one, Item) else one
            if value is not None and slot.element:
                self.said.setdefault(slot.element, []).append((words, value))
            if isinstance(one, Item):
                for key, inner in one.parts.items():
                    self._take(parts[key], inner, words)

    def _note(self, entries: Iterable[Entry], known: set[str]) -> None:
        """Values in places that the standard does not describe, where it knows no better one."""
        for entry in entries:
            if entry.code.code and entry.code.code not in known:
                words = entry.code.qualifier or entry.code.display
                for value in entry.values:
                    self.said.setdefault(entry.code.code, []).append((words, _plain(value)))
            self.people += entry.people
            self._note(entry.parts, known)

    def fill(self, column: Column, table: Table) -> tuple[str, Any]:
        """The column's text, and the value it was taken from if the body had it."""
        if _of_staff(column):
            return self._staff(column), None
        head = _BY_NAME.get(column.name) or _BY_ELEMENT.get(column.element)
        text = head(self.document) if head else ""
        if text:
            return text, None
        value = self._said(column, table)
        return ("", None) if value is None else (_written(value, column), value)

    def _said(self, column: Column, table: Table) -> Any:
        found = self.said.get(column.element) if column.element else None
        if not found:
            return None
        sharing = [one for one in table.columns if one.element == column.element]
        if len(sharing) == 1:
            return found[0][1]
        best = max(found, key=lambda one: _likeness(one[0], column.zh))
        if not _likeness(best[0], column.zh):
            if sharing[0] != column:
                return None
            best = found[0]
        found.remove(best)
        return best[1]

    def _staff(self, column: Column) -> str:
        role = column.zh.removesuffix("工号").removesuffix("姓名")
        able = [one for one in self.people if one.name or one.code]
        exact = [one for one in able if one.role and (one.role in role or role in one.role)]
        near = sorted(able, key=lambda one: -_likeness(one.role, role))
        answering = role in _ANSWERING and (self.document.authenticator or near[:1] or None)
        one = exact[0] if exact else near[0] if near and _likeness(near[0].role, role) else None
        if one is None and answering:
            one = answering[0] if isinstance(answering, list) else answering
        if one is None:
            return ""
        return one.code if column.name.endswith("_code") else one.name


# Whoever answers for the document holds these roles where it names nobody for them.
_ANSWERING = frozenset({"医师", "责任医师", "开立医师", "报告医师", "护士", "告知医师", "住院医师"})


def _of_staff(column: Column) -> bool:
    """Whether the column names a member of staff, by number or name."""
    if column.name.endswith("_name"):
        return column.element == _NAME and column.zh.endswith("姓名")
    return column.name.endswith("_code") and column.zh.endswith("工号")


def _plain(value: Value) -> Any:
    """A value of the body in the terms of a record."""
    if value.coded:
        return Code(value.coded.code, value.coded.display or value.coded.original)
    if value.moment and value.moment.at:
        return value.moment.at if value.moment.timed else value.moment.at.date()
    if value.kind == "BL":
        return value.text.lower() == "true"
    return value.number or value.text


def _likeness(said: str, wanted: str) -> float:
    """How much the words beside a value are those of the column: common pairs of characters."""
    if not said:
        return 0.0
    if said == wanted:
        return 2.0
    one, other = ({text[at : at + 2] for at in range(len(text) - 1)} for text in (said, wanted))
    return len(one & other) / max(1, len(one | other))


def _written(value: Any, column: Column) -> str:
    """A value in the way that the column's type is written."""
    match value:
        case Code():
            text = value.code if column.type is Type.CODE else value.name or value.code
        case Quantity():
            text = f"{value.value:f}"
        case Person():
            text = value.name
        case bool():
            text = str(int(value))
        case datetime():
            form = "%Y-%m-%d" if column.type is Type.DATE else "%Y-%m-%d %H:%M:%S"
            text = _city(value).strftime(form)
        case Decimal():
            text = f"{value:f}"
        case _:
            text = str(value)
    if column.type is Type.FLAG:
        text = {"是": "1", "有": "1", "否": "0", "无": "0"}.get(text, text)
    return text.strip() if column.multiline else " ".join(text.split())


def _moment(moment: Moment | None) -> str:
    return f"{_city(moment.at):%Y-%m-%d %H:%M:%S}" if moment and moment.at else ""


def _date(moment: Moment | None) -> str:
    return f"{_city(moment.at):%Y-%m-%d}" if moment and moment.at else ""


def _city(at: datetime) -> datetime:
    return at.astimezone(CITY_ZONE) if at.tzinfo else at


def _place(root: str, *, code: bool = False) -> Callable[[ClinicalDocument], str]:
    def found(document: ClinicalDocument) -> str:
        places = [one for one in document.encounter.places if one.root == root]
        text = (one.code if code else one.name or one.code for one in places)
        return next(text, "")

    return found


def _number(root: str) -> Callable[[ClinicalDocument], str]:
    return lambda document: (
        document.patient.number(root)
        or next((one.extension for one in document.encounter.ids if one.root == root), "")
    )


def _signed_at(document: ClinicalDocument) -> str:
    times = [one.time for one in (document.legal_authenticator, *document.authenticators) if one]
    return next((_moment(one) for one in times if one), "")


def _age(document: ClinicalDocument) -> str:
    return document.patient.age.removesuffix("岁") if "岁" in document.patient.age else ""


def _made(document: ClinicalDocument) -> str:
    return _moment(document.effective_time)


def _number_of_record(document: ClinicalDocument) -> str:
    return document.document_id.extension


def _patient_id(document: ClinicalDocument) -> str:
    patient = document.patient
    numbers = (patient.number(oids.ARCHIVE), patient.health_card, patient.inpatient_number)
    return next((one for one in (*numbers, patient.outpatient_number) if one), "")


def _visit_kind(document: ClinicalDocument) -> str:
    """门诊 1, 急诊 2, 住院 3 (CV09.00.404)."""
    kind = document.patient.patient_type.code or document.encounter.kind.code
    return kind or ("3" if document.patient.inpatient_number else "")


_BY_NAME: dict[str, Callable[[ClinicalDocument], str]] = {
    "record_no": _number_of_record,
    "rx_no": lambda one: _number(oids.PRESCRIPTION)(one) or one.document_id.extension,
    "consent_no": lambda one: _number(oids.CONSENT)(one) or one.document_id.extension,
    "admission_no": lambda one: one.patient.inpatient_number,
    "visit_no": lambda one: one.patient.outpatient_number,
    "patient_id": _patient_id,
    "name": lambda one: one.patient.name,
    "org_code": lambda one: one.custodian.code,
    "org_name": lambda one: one.custodian.name,
    "dept_code": _place(oids.DEPARTMENT, code=True),
    "dept_name": _place(oids.DEPARTMENT),
    "amend_flag": lambda one: "2" if one.replaces else "1",
    "id_type": lambda one: "01" if len(one.patient.id_number) == 18 else "",
    "report_no": lambda one: (
        _number(oids.EXAMINATION_REPORT)(one)
        or _number(oids.LABORATORY_REPORT)(one)
        or one.document_id.extension
    ),
    "sex_name": lambda one: one.patient.sex.display,
    "signed_at": _signed_at,
    "admitted_at": lambda one: _moment(one.encounter.start),
    "discharged_at": lambda one: _moment(one.encounter.end),
    "collected_at": _made,
    "reported_at": _made,
    "prescribed_at": _made,
    "visited_at": lambda one: _moment(one.encounter.start) or _made(one),
    "visit_at": lambda one: _moment(one.encounter.start) or _made(one),
}
_BY_ELEMENT: dict[str, Callable[[ClinicalDocument], str]] = {
    "DE02.01.040.00": lambda one: one.patient.sex.code,
    "DE02.01.005.01": lambda one: _date(one.patient.birth),
    "DE02.01.026.00": _age,
    "DE02.01.030.00": lambda one: one.patient.id_number,
    "DE02.01.010.00": lambda one: one.patient.phone,
    "DE02.01.018.00": lambda one: one.patient.marital.code,
    "DE02.01.025.00": lambda one: one.patient.ethnic.code,
    "DE02.01.015.00": lambda one: one.patient.nationality.code,
    "DE02.01.052.00": lambda one: one.patient.occupation.code,
    "DE02.01.060.00": _visit_kind,
    "DE01.00.010.00": lambda one: one.patient.outpatient_number,
    "DE01.00.014.00": lambda one: one.patient.inpatient_number,
    "DE01.00.004.00": _number(oids.CASE),
    "DE01.00.008.00": _number(oids.REQUEST),
    "DE01.00.019.00": _place(oids.ROOM),
    "DE01.00.026.00": _place(oids.BED),
    "DE01.00.020.00": _number(oids.PRESCRIPTION),
    "DE08.10.026.00": _place(oids.DEPARTMENT),
    "DE08.10.054.00": _place(oids.WARD),
    "DE08.10.052.00": lambda one: one.custodian.code,
    "DE08.10.013.00": lambda one: one.custodian.name,
    "DE09.00.053.00": _signed_at,
}
