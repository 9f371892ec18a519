"""Check shared documents completely, XML to findings: python -m benchmarks.cda_check

Documents per second of processor time on one core, over the samples of all 53 kinds, parsing
included. The reference asks in the same run what a Schematron for the same catalogue would ask: one
XPath expression a rule (present, of its type, a number, a code of its set), compiled as it is used;
it knows neither the header's rules nor those across fields.
"""

from __future__ import annotations

import itertools
import time

from lxml import etree

from benchmarks import _harness
from openrhip.formats import cda
from openrhip.formats.cda import catalogue, tree
from openrhip.formats.cda.kinds import BY_CODE, Kind

BAR = 2.0  # times the reference
_NAMES = {"h": tree.HL7, "xsi": "http://www.w3.org/2001/XMLSchema-instance"}
_LONGEST = 60_000  # bytes; the laboratory series of 40 pages is no usual document


def rules(kind: Kind) -> list[str]:
    """The catalogue of a kind as XPath assertions."""
    made = [
        f"boolean(//h:section[h:code/@code='{one.code}'])"
        for one in catalogue.of(kind).sections
        if one.code
    ]
    sets = catalogue.value_sets()
    for _, slot in catalogue.of(kind).slots():
        if not slot.element or not slot.is_statement:
            continue
        value = f"//h:observation[h:code/@code='{slot.element}']/h:value"
        made.append(f"boolean({value})")
        made.append(f"not({value}[substring(@xsi:type, 1, 2) != '{slot.kind[:2]}'])")
        if slot.kind in {"PQ", "INT", "REAL", "MO"}:
            made.append(f"not({value}[@value and number(@value) != number(@value)])")
        if (table := sets.get(slot.set_id)) and table.codes:
            among = " or ".join(f"@code='{code}'" for code in table.codes)
            made.append(f"not({value}[not({among})])")
    return made


def naive(asked: list[str], xml: bytes) -> int:
    """How many assertions hold."""
    root = etree.fromstring(xml)
    return sum(bool(root.xpath(rule, namespaces=_NAMES)) for rule in asked)


def main() -> None:
    documents = [
        (BY_CODE[name.partition("/")[0]], xml)
        for name, xml in cda.samples().items()
        if len(xml) <= _LONGEST
    ]
    assert len({kind for kind, _ in documents}) == 53
    assert not any(cda.check(xml) for _, xml in documents)
    asked = {kind: rules(kind) for kind, _ in documents}
    turn = itertools.cycle([(asked[kind], xml) for kind, xml in documents])
    reference = _harness.rates(
        lambda: naive(*next(turn)), clock=time.process_time, runs=3, seconds=1.5
    )
    runs = _harness.rates(lambda: cda.check(next(turn)[1]), clock=time.process_time, seconds=1.5)
    middle = sorted(reference)[len(reference) // 2]
    _harness.report(
        name="cda_check",
        runs=runs,
        unit="documents/core-second",
        reference=round(middle, 1),
        bar=round(BAR * middle, 1),
        bytes=sum(len(xml) for _, xml in documents) // len(documents),
        kinds=53,
    )


if __name__ == "__main__":
    main()
