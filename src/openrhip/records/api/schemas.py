"""Shapes of the API's JSON (接口数据结构)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from ninja import Field, Schema


class UploadIn(Schema):
    """A file that is about to come in parts."""

    size: int = Field(gt=0, description="bytes")
    sm3: str = Field(description="SM3 of the whole file, 64 hex digits")
    media: str = "ofd"


class SpanOut(Schema):
    offset: int
    size: int


class UploadOut(Schema):
    """How far an upload is. missing: stretches to send; received: numbers of parts here."""

    id: str
    size: int
    sm3: str
    missing: list[SpanOut]
    received: list[int]
    max_part: int


class OutcomeOut(Schema):
    """The centre's answer: archived or refused, with report and receipt."""

    accepted: bool
    number: str
    digest: str
    at: datetime
    already: bool
    report: dict[str, Any]
    leaf: dict[str, Any]
    receipt: dict[str, Any]


class PatientIn(Schema):
    """Whose documents: a number, or a name with birth date."""

    name: str | None = Field(None, max_length=100)
    birth_date: date | None = None
    id_number: str | None = Field(None, max_length=40)
    health_card: str | None = Field(None, max_length=64)


class SearchIn(Schema):
    patient: PatientIn
    kind: str | None = Field(None, max_length=20)
    institution: str | None = Field(None, max_length=64)
    since: datetime | None = None
    until: datetime | None = None
    page: int = Field(1, ge=1, le=100000)


class DocumentOut(Schema):
    """A document in a list. `readable` says whether the policies allow the asker to read it."""

    id: str
    kind: str
    title: str
    institution: str
    institution_name: str
    department: str
    author_name: str
    recorded_at: datetime
    version: int
    superseded_by: str | None
    pages: int
    size: int


class ListOut(Schema):
    total: int
    page: int
    items: list[DocumentOut]


class RefusalOut(Schema):
    id: str
    sm3: str
    size: int
    refused_at: datetime
    reasons: list[str]
    report: dict[str, Any]


class RefusalsOut(Schema):
    total: int
    page: int
    items: list[RefusalOut]


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
