"""The fees of the front sheets (病案首页费用): classes add up, no part exceeds its whole."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from openrhip.formats.cda.check.walk import Walk
from openrhip.formats.cda.tree import Element

# WS 445.10 and 445.11: total, then what the ten classes consist of, then (part, whole).
_WEST = (
    "HDSD00.11.142",
    (
        "147", "148", "145", "146", "121", "123", "124", "122", "129", "131", "055", "136", "098",
        "135", "134", "115", "111", "113", "112", "114", "038", "040", "039",
    ),
    (("143", "142"), ("130", "129"), ("132", "131"), ("133", "131"), ("099", "098")),
)  # fmt: skip
_CHINESE = (
    "HDSD00.12.169",
    (
        "174", "177", "172", "173", "136", "138", "139", "137", "145", "147", "062", "156", "157",
        "153", "113", "151", "150", "130", "126", "128", "127", "129", "045", "047", "046", "092",
    ),
    (
        ("170", "169"), ("175", "174"), ("176", "174"), ("146", "145"), ("148", "147"),
        ("149", "147"), ("163", "157"), ("160", "157"), ("158", "157"), ("162", "157"),
        ("159", "157"), ("161", "157"), ("155", "153"), ("154", "153"), ("114", "113"),
    ),
)  # fmt: skip
_OTHER = "HDS00.10.130"  # 其他费 of the Western sheet, as deployed templates have it
_LEEWAY = Decimal("0.05")


def fees(walk: Walk) -> None:
    """Sum of the classes against the total, parts against their wholes."""
    for total, classes, parts in (_WEST, _CHINESE):
        found = _amount(walk, total)
        if found is None:
            continue
        root = total.rpartition(".")[0]
        named = [_amount(walk, f"{root}.{one}") for one in classes]
        if total == _WEST[0]:
            named.append(_amount(walk, _OTHER))
        amounts = [one[1] for one in named if one is not None]
        if amounts and abs(sum(amounts) - found[1]) > _LEEWAY:
            walk.say("fees-total", found[0])
        for part, whole in parts:
            inner, outer = _amount(walk, f"{root}.{part}"), _amount(walk, f"{root}.{whole}")
            if inner and outer and inner[1] > outer[1] + _LEEWAY:
                walk.say("fees-part", inner[0], f"{root}.{part}")


def _amount(walk: Walk, element: str) -> tuple[Element, Decimal] | None:
    for value in walk.facts.get(element, ()):
        try:
            number = Decimal((value.get("value") or "").strip())
        except InvalidOperation:
            continue
        if number.is_finite():
            return value, number
    return None
