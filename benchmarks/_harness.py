"""What every benchmark shares: timing after a warm-up, and the closing line of JSON."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any


def rate(
    work: Callable[[], object],
    *,
    seconds: float = 1.0,
    clock: Callable[[], float] = time.perf_counter,
) -> float:
    """How often `work` is done per second; `clock=time.process_time` counts processor time only."""
    done = 0
    start = clock()
    while (spent := clock() - start) < seconds:
        work()
        done += 1
    return done / spent


def rates(
    work: Callable[[], object],
    *,
    runs: int = 5,
    seconds: float = 1.0,
    warm_up: float = 0.3,
    clock: Callable[[], float] = time.perf_counter,
) -> list[float]:
    """`rate` several times after a warm-up."""
    rate(work, seconds=warm_up, clock=clock)
    return [rate(work, seconds=seconds, clock=clock) for _ in range(runs)]


def report(
    *,
    name: str,
    runs: Sequence[float],
    unit: str,
    reference: float | str | None = None,
    bar: float | None = None,
    higher_is_better: bool = True,
    **more: Any,
) -> dict[str, Any]:
    """Print median and spread, then one line of JSON; `bar` is in the unit of the value.

    ratio: median over reference where that is a number. more: further facts for the JSON line.
    """
    if len(runs) < 3:
        raise ValueError("at least three runs")
    value = statistics.median(runs)
    ratio = value / reference if isinstance(reference, int | float) and reference else None
    holds = None if bar is None else (value >= bar if higher_is_better else value <= bar)
    print(
        f"{name}: median {value:,.4g} {unit}, spread {min(runs):,.4g} to {max(runs):,.4g}"
        f" over {len(runs)} runs"
    )
    return line(
        name=name,
        value=round(value, 4),
        unit=unit,
        reference=reference,
        ratio=None if ratio is None else round(ratio, 4),
        bar=bar,
        holds=holds,
        **more,
    )


def line(**facts: Any) -> dict[str, Any]:
    """The closing line of JSON, for what is measured once and not timed in runs."""
    print(json.dumps(facts, ensure_ascii=False))
    return facts
