"""Shapes of the API's JSON (接口数据结构)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from ninja import Field, Schema


class BatchFileIn(Schema):
    """A file of a batch. encoding and delimiter are empty but for CSV."""

    name: str
    format: str = Field(description="csv, parquet or cda")
    encoding: str = Field(description="utf-8 or gb18030")
    delimiter: str
    rows: int = Field(description="data rows, the header not counted")
    bytes: int
    sm3: str


class ManifestIn(Schema):
    """What is sent; these bytes as canonical JSON (RFC 8785) are signed."""

    format: str = Field(description="openrhip-batch-1")
    unit: str
    table: str
    day: date
    sent_at: datetime
    rows: int
    files: list[BatchFileIn]


class EnvelopeIn(Schema):
    """A signed manifest. signature: SM2, DER in Base64; certificates: DER in Base64, own first."""

    manifest: ManifestIn
    signature: str
    certificates: list[str]


class SpanOut(Schema):
    offset: int
    size: int


class IncomingFileOut(Schema):
    """missing: stretches to send; received: numbers of parts here."""

    place: int
    name: str
    size: int
    missing: list[SpanOut]
    received: list[int]


class IncomingOut(Schema):
    """An announced batch: id is the SM3 of its content."""

    id: str
    files: list[IncomingFileOut]
    max_part: int


class TroubleOut(Schema):
    """Why a batch was refused."""

    code: str
    zh: str
    en: str
    where: str
    remedy: str


class ExampleOut(Schema):
    line: int
    column: str
    value: str


class HitsOut(Schema):
    """A rule that was broken; its words and remedies are in the report."""

    rule: str
    count: int
    examples: list[ExampleOut]


class BatchOut(Schema):
    """A batch and what became of it. received = loaded + quarantined once it is loaded."""

    id: str
    unit: str
    table: str
    day: date
    state: str = Field(description="received, checking, loaded or refused")
    settled: bool
    already: bool
    current: bool
    sent_at: datetime
    received_at: datetime
    finished_at: datetime | None
    via: str
    rows_declared: int
    received: int
    loaded: int
    quarantined: int
    held: int
    marked: int
    amended: int
    withdrawn: int
    late_days: int
    hits: list[HitsOut]
    problem: TroubleOut | None
    receipt: dict[str, Any] | None


class BatchesOut(Schema):
    """Newest first, 50 a page, without hits."""

    page: int
    items: list[BatchOut]


class ProblemOut(Schema):
    """RFC 9457, with code, what, where, remedy."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    what: str
    where: str
    remedy: str
