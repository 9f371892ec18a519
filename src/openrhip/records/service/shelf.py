"""The shelf (架位): what a disclosure needs to know of a document, by one fixed statement."""

from __future__ import annotations

from typing import NamedTuple

from openrhip.kernel import ids
from openrhip.kernel.errors import Malformed, NotFound
from openrhip.kernel.statements import ask

_FIND = """
SELECT id, digest, size, stored_key, wrapped_key, key_id, institution, kind, person_id, author,
department_code, level FROM records_document WHERE id = %s AND receipt IS NOT NULL
"""


class Shelved(NamedTuple):
    """A kept document without its report, leaf and receipt."""

    id: str
    digest: str
    size: int
    stored_key: str
    wrapped_key: bytes
    key_id: str
    institution: str
    kind: str
    person_id: str
    author: str
    department_code: str
    level: int


def find(document_id: str) -> Shelved:
    """A kept document. Raises Malformed, NotFound."""
    if not ids.is_id(document_id):
        raise Malformed("no id of a document", where="document")
    rows = ask(_FIND, document_id)
    if not rows:
        raise NotFound("no such document", where="document")
    found = Shelved(*rows[0])
    return found._replace(wrapped_key=bytes(found.wrapped_key))
