"""Until when algorithms count as secure (算法有效期): a table that an operator can move.

A digest proves nothing that was made after its algorithm was broken: what it proved before must
have been covered by a stronger one by then. The table names digests as in `gm.digests`, and the
signature suite of timestamps, `sm2_sm3`. No end is known for these today.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from openrhip.formats.gm import digests
from openrhip.kernel.errors import Malformed

SIGNATURE = "sm2_sm3"
KNOWN = (*digests.NAMES, SIGNATURE)


@dataclass(frozen=True, slots=True)
class Policy:
    """ends: name → first instant at which the algorithm no longer counts."""

    ends: Mapping[str, datetime] = field(default_factory=dict)

    def end_of(self, name: str) -> datetime | None:
        return self.ends.get(name)

    def holds(self, name: str, at: datetime) -> bool:
        """Whether the algorithm still counts at the instant."""
        end = self.ends.get(name)
        return end is None or at < end

    @classmethod
    def parse(cls, rows: str | Iterable[str]) -> Policy:
        """From `sm3=2045-01-01` rows, or one text with commas. Raises Malformed."""
        listed = rows.split(",") if isinstance(rows, str) else list(rows)
        ends = {}
        for row in filter(None, map(str.strip, listed)):
            name, _, day = row.partition("=")
            name = name.strip().lower().replace("-", "_")
            if name not in KNOWN:
                raise Malformed(
                    f"no algorithm {name[:40]!r}",
                    where="algorithm end",
                    remedy=f"one of: {', '.join(KNOWN)}",
                )
            try:
                ends[name] = datetime.strptime(day.strip(), "%Y-%m-%d").replace(tzinfo=UTC)
            except ValueError as error:
                raise Malformed(
                    "an algorithm's end is written sm3=2045-01-01", where="algorithm end"
                ) from error
        return cls(ends)
