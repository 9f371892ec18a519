"""A record of three pages laid out, signed, sealed and timestamped twice. Bar: 80 a second on two
cores, in two processes, as the hospital's node does it.

The reference does 59 layouts or 35 seals a second and core, so 22 of both (no timestamps);
OPENRHIP_REFERENCE_SEAL may name a command that measures it beside (see docs/ofd.md).
"""

from __future__ import annotations

import statistics
from collections.abc import Callable

from benchmarks._documents import CORES, keys, on_two_cores, record, reference
from benchmarks._harness import report
from openrhip.formats import cda, ofd

RECORDED = CORES / (1 / 59 + 1 / 35)


def main() -> None:
    known = keys()
    document, source = record()

    def deed() -> bytes:
        return ofd.sign_and_seal(
            cda.lay_out(document, source=source),
            author=known.author,
            seal=known.seal,
            institution=known.institution,
            timestamper=known.stamper,
        )

    first = deed()
    assert ofd.verify(first, trust=known.trust).ok

    def prepare() -> Callable[[], object]:
        return deed

    processor, walls = on_two_cores(prepare)
    unsigned = cda.lay_out(document, source=source)
    other, origin = reference("OPENRHIP_REFERENCE_SEAL", unsigned, RECORDED)
    report(
        name="seal",
        runs=walls,
        unit="documents/s on two cores",
        reference=other,
        bar=80,
        reference_is=origin,
        by_processor_time=round(statistics.median(processor), 1),
        document_bytes=len(first),
    )


if __name__ == "__main__":
    main()
