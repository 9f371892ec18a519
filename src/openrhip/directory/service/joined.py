"""Numbers of one person (同一人的多个证件号): for rooms that count people by sealed numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby

from django.db.models import Count

from openrhip.directory import models
from openrhip.directory.service import claims

_CHUNK = 1_000


def joined_numbers(
    seal: Callable[[Sequence[str | None]], Sequence[str | None]],
) -> Iterator[tuple[str, ...]]:
    """Of everybody with several identity numbers (merged entries, several certificates) all of
    them, as `seal` makes them: the numbers themselves do not leave this room.
    """
    roots = sorted(_merged() | _with_several())
    for start in range(0, len(roots), _CHUNK):
        rows = (
            models.Identifier.objects.filter(
                kind=claims.NUMBER, person__root__in=roots[start : start + _CHUNK]
            )
            .select_related("person")
            .order_by("person__root", "pk")
        )
        for _, group in groupby(rows, key=lambda row: row.person.root):
            numbers = sorted({claims.clear(row) for row in group})
            tokens = {token for token in seal(numbers) if token} if len(numbers) > 1 else set()
            if len(tokens) > 1:
                yield tuple(sorted(tokens))


def _merged() -> set[str]:
    rows = models.Person.objects.filter(survivor__isnull=False)
    return set(rows.values_list("root", flat=True))


def _with_several() -> set[str]:
    rows = (
        models.Identifier.objects.filter(kind=claims.NUMBER)
        .values("person")
        .annotate(many=Count("id"))
        .filter(many__gt=1)
    )
    ids = list(rows.values_list("person", flat=True))
    return {
        root
        for start in range(0, len(ids), _CHUNK)
        for root in models.Person.objects.filter(pk__in=ids[start : start + _CHUNK]).values_list(
            "root", flat=True
        )
    }
