"""Verifying a record: closure, digests of all parts, container, two signatures, the seal, chains
with revocation, two timestamps. Bar: 250 documents a second on two cores.

The reference does 26 to 31 a second and core and checks digests, seal match and signature value
only; OPENRHIP_REFERENCE_VERIFY may name a command that measures it beside (see docs/ofd.md).
"""

from __future__ import annotations

import statistics
from collections.abc import Callable
from itertools import cycle

from benchmarks._documents import CORES, keys, on_two_cores, record, reference
from benchmarks._harness import report
from openrhip.formats import cda, ofd

RECORDED = 28.5 * CORES
DOCUMENTS = 60


def main() -> None:
    known = keys()
    document, source = record()
    unsigned = cda.lay_out(document, source=source)
    # Many documents of one hospital: what is remembered of its certificates may help, no more.
    signed = [
        ofd.sign_and_seal(
            unsigned,
            author=known.author,
            seal=known.seal,
            institution=known.institution,
            timestamper=known.stamper,
        )
        for _ in range(DOCUMENTS)
    ]
    assert all(ofd.verify(one, trust=known.trust).ok for one in signed)

    def prepare() -> Callable[[], object]:
        turn = cycle(signed)
        return lambda: ofd.verify(next(turn), trust=known.trust)

    processor, walls = on_two_cores(prepare)
    other, origin = reference("OPENRHIP_REFERENCE_VERIFY", signed[0], RECORDED)
    report(
        name="verify",
        runs=walls,
        unit="documents/s on two cores",
        reference=other,
        bar=250,
        reference_is=origin,
        by_processor_time=round(statistics.median(processor), 1),
        document_bytes=len(signed[0]),
    )


if __name__ == "__main__":
    main()
