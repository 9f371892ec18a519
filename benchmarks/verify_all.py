"""Every check on a sealed record: python -m benchmarks.verify_all

Closure, digests, container, seal and its maker, signer in list, both chains with revocation,
validity: documents per second of processor time on one core, many documents of one hospital. The
reference checks digests, seal match and signature value alone; OPENRHIP_REFERENCE_VERIFY may name
a command that does so to the file given to it and prints documents per second of processor time as
its last word; else what it did when it was last measured. Bar: five times the reference.
"""

from __future__ import annotations

import tempfile
import time
from itertools import cycle

from benchmarks._documents import keys, measured, record
from benchmarks._harness import rates, report
from openrhip.formats import cda, ofd

RECORDED = 28.5
TIMES = 5
DOCUMENTS = 40


def main() -> None:
    known = keys()
    document, source = record()
    unsigned = cda.lay_out(document, source=source)
    sealed = [
        ofd.seal(unsigned, seal=known.seal, signer=known.institution) for _ in range(DOCUMENTS)
    ]
    assert all(ofd.verify(one, trust=known.trust).ok for one in sealed)
    turn = cycle(sealed)
    runs = rates(
        lambda: ofd.verify(next(turn), trust=known.trust), clock=time.process_time, seconds=1.5
    )
    with tempfile.NamedTemporaryFile(suffix=".ofd") as file:
        file.write(sealed[0])
        file.flush()
        other, origin = measured("OPENRHIP_REFERENCE_VERIFY", file.name, RECORDED)
    report(
        name="verify_all",
        runs=runs,
        unit="documents/core-second",
        reference=other,
        bar=TIMES * other,
        reference_is=origin,
        document_bytes=len(sealed[0]),
    )


if __name__ == "__main__":
    main()
