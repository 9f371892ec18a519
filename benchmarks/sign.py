"""One electronic seal (SES v4, no timestamp) put on a record: python -m benchmarks.sign

Documents per second of processor time on one core. OPENRHIP_REFERENCE_SIGN may name a command that
does the same to the file given to it and prints documents per second of processor time as its last
word; else what it did when it was last measured. Bar: five times the reference.
"""

from __future__ import annotations

import tempfile
import time
from itertools import cycle

from benchmarks._documents import keys, measured, record
from benchmarks._harness import rates, report
from openrhip.formats import cda, ofd

RECORDED = 34.7
TIMES = 5


def main() -> None:
    known = keys()
    document, source = record()
    unsigned = [cda.lay_out(document, source=source) for _ in range(5)]
    turn = cycle(unsigned)

    def deed() -> bytes:
        return ofd.seal(next(turn), seal=known.seal, signer=known.institution)

    assert ofd.verify(deed(), trust=known.trust).ok
    runs = rates(deed, clock=time.process_time, seconds=1.5)
    with tempfile.NamedTemporaryFile(suffix=".ofd") as file:
        file.write(unsigned[0])
        file.flush()
        other, origin = measured("OPENRHIP_REFERENCE_SIGN", file.name, RECORDED)
    report(
        name="sign",
        runs=runs,
        unit="documents/core-second",
        reference=other,
        bar=TIMES * other,
        reference_is=origin,
        document_bytes=len(unsigned[0]),
    )


if __name__ == "__main__":
    main()
