"""Fixed statements (固定语句) for the few questions that every request asks.

Building a query with the ORM costs some ten times what the database needs to answer it. What is
asked hundreds of times a second is written down once as SQL that both databases understand, beside
the model it reads; everything else stays with the ORM.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connection, models


def ask(statement: str, *values: Any) -> list[tuple[Any, ...]]:
    """The rows of a SELECT with %s marks. Instants are given as aware datetimes."""
    adapted = [_adapted(value) for value in values]
    with connection.cursor() as cursor:
        cursor.execute(statement, adapted)
        return list(cursor.fetchall())


def change(statement: str, *values: Any) -> int:
    """Run an INSERT or UPDATE with %s marks; answers how many rows it touched."""
    with connection.cursor() as cursor:
        cursor.execute(statement, [_adapted(value) for value in values])
        return max(0, int(cursor.rowcount))


def json_value(value: Any) -> Any:
    """A JSON column as `ask` gives it: text on both databases, unless a driver decoded it."""
    return json.loads(value) if isinstance(value, str | bytes) else value


def insert(rows: Sequence[models.Model]) -> None:
    """Insert rows of one model, all columns as they are. Raises IntegrityError."""
    if not rows:
        return
    meta = rows[0]._meta  # noqa: SLF001 - Django's documented name for a model's description
    fields = [field for field in meta.local_concrete_fields if not _automatic(field, rows[0])]
    quote = connection.ops.quote_name
    names = ", ".join(quote(str(field.column)) for field in fields)
    marks = ", ".join(["%s"] * len(fields))
    table = quote(meta.db_table)
    values = [
        [field.get_db_prep_save(getattr(row, field.attname), connection) for field in fields]
        for row in rows
    ]
    with connection.cursor() as cursor:
        # Names are those of our own models; values are bound.
        cursor.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", values)  # noqa: S608


def _automatic(field: models.Field[Any, Any], row: models.Model) -> bool:
    return isinstance(field, models.AutoField) and getattr(row, field.attname) is None


def _adapted(value: Any) -> Any:
    if isinstance(value, datetime):
        return connection.ops.adapt_datetimefield_value(value)
    return value
