"""Sealed columns (加密字段): SM4-GCM bound to table, column and row; keyed look-up values."""

from __future__ import annotations

from openrhip.directory.ports import as_bytes
from openrhip.directory.service import doors


def seal(text: str, *, table: str, column: str, row: str) -> bytes:
    """Encrypt a text for one cell; moved to another cell it no longer opens."""
    return doors.key_ring().seal(text.encode(), aad=as_bytes((table, column, row)))


def unseal(sealed: bytes | memoryview, *, table: str, column: str, row: str) -> str:
    """The text of a cell. Raises NotVerified."""
    return doors.key_ring().open(bytes(sealed), aad=as_bytes((table, column, row))).decode()


def index(kind: str, text: str) -> str:
    """The look-up value under the newest key."""
    return doors.key_ring().index(as_bytes((kind, text)))


def indexes(kind: str, text: str) -> tuple[str, ...]:
    """The look-up values under every key in use."""
    return doors.key_ring().indexes(as_bytes((kind, text)))


def pseudonym(kind: str, reference: str) -> str:
    """A stable keyed pseudonym, 64 hex digits, for ledger entries."""
    return doors.key_ring().pseudonym(as_bytes((kind, reference)))
