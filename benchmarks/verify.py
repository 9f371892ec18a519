"""Verifying a record: closure, digests of all parts, container, two signatures, the seal, chains
with revocation, two timestamps. Bar: 250 documents a second on two cores.

The reference does 26 to 31 a second and core and checks digests, seal match and signature value
only; OPENRHIP_REFERENCE_VERIFY may name a command that measures it beside (see docs/ofd.md).
"""

from __future__ import annotations

import statistics
from collections.abc import Callable

from benchmarks._documents import CORES, keys, on_two_cores, record, reference
from benchmarks._harness import report
from openrhip.formats import cda, ofd

RECORDED = 28.5 * CORES


def main() -> None:
    known = keys()
    document, source = record()
    signed = ofd.sign_and_seal(
        cda.lay_out(document, source=source),
        author=known.author,
        seal=known.seal,
        institution=known.institution,
        timestamper=known.stamper,
    )
    assert ofd.verify(signed, trust=known.trust).ok

    def prepare() -> Callable[[], object]:
        return lambda: ofd.verify(signed, trust=known.trust)

    runs, walls = on_two_cores(prepare)
    other, origin = reference("OPENRHIP_REFERENCE_VERIFY", signed, RECORDED)
    report(
        name="verify",
        runs=runs,
        unit="documents/s on two cores",
        reference=other,
        bar=250,
        reference_is=origin,
        wall_clock=round(statistics.median(walls), 1),
        document_bytes=len(signed),
    )


if __name__ == "__main__":
    main()
