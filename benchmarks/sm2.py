"""SM2 sign and verify beside `openssl speed` in the same run, on one core: python -m benchmarks.sm2

The reference and we take turns, and both count processor time, so that a busy machine weighs on
both alike. The value is the worse of the two ratios (sign, verify).
"""

from __future__ import annotations

import re
import statistics
import subprocess
import time

from benchmarks import _harness
from openrhip.formats.gm.sm2 import PrivateKey

ROUNDS = 5
MESSAGE = bytes(range(256))
_LINE = re.compile(r"SM2 \(CurveSM2\)\s+\S+s\s+\S+s\s+([\d.]+)\s+([\d.]+)")


def openssl_speed() -> tuple[float, float]:
    """Signatures and verifications per second of processor time, by the openssl command."""
    done = subprocess.run(
        ["openssl", "speed", "-seconds", "1", "sm2"], capture_output=True, text=True, check=True
    )
    found = _LINE.search(done.stdout)
    if found is None:
        raise RuntimeError("openssl speed printed no line for SM2")
    return float(found[1]), float(found[2])


def main() -> None:
    key = PrivateKey.generate()
    public = key.public_key
    signature = key.sign(MESSAGE)
    assert public.verify(signature, MESSAGE)
    assert not public.verify(signature, MESSAGE + b"!")
    verbs = {
        "sign": lambda: key.sign(MESSAGE),
        "verify": lambda: public.verify(signature, MESSAGE),
    }
    for work in verbs.values():
        _harness.rate(work, seconds=0.3)
    rounds = []
    for _ in range(ROUNDS):
        reference = dict(zip(verbs, openssl_speed(), strict=True))
        ours = {
            name: _harness.rate(work, seconds=1.0, clock=time.process_time)
            for name, work in verbs.items()
        }
        rounds.append((ours, reference))
    facts = {}
    for name in verbs:
        mine = statistics.median(ours[name] for ours, _ in rounds)
        theirs = statistics.median(reference[name] for _, reference in rounds)
        ratio = statistics.median(ours[name] / reference[name] for ours, reference in rounds)
        print(f"{name}: {mine:,.0f}/s, openssl speed {theirs:,.0f}/s, ratio {ratio:.3f}")
        facts |= {name: round(mine), f"{name}_openssl": round(theirs)}
    worst = [min(ours[name] / reference[name] for name in verbs) for ours, reference in rounds]
    _harness.report(
        name="sm2", runs=worst, unit="of openssl speed", reference=1.0, bar=0.9, **facts
    )


if __name__ == "__main__":
    main()
