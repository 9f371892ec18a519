"""Check characters as SQL (校验码): GB 11643 identity numbers, GB 32100 social credit codes."""

from __future__ import annotations

from openrhip.collect.engine.forms import YEAR
from openrhip.collect.engine.sqltext import whole

IDENTITY_SHAPE = "[1-9][0-9]{16}[0-9X]"
CREDIT_SIGNS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_SIGN = "[0-9A-HJ-NP-RTUWXY]"
CREDIT_SHAPE = f"{_SIGN}{{2}}[0-9]{{6}}{_SIGN}{{10}}"
PHONE = (
    r"(\+86-?)?1[3-9][0-9]{9}"
    r"|(0[0-9]{2,3}-?)?[2-9][0-9]{6,7}(-[0-9]{1,6})?"
    r"|[48]00-?[0-9]{3}-?[0-9]{4}"
)
_DATED_IDENTITY = f"[1-9][0-9]{{5}}{YEAR}[0-9]{{7}}[0-9X]"
_PLACES = range(1, 18)


def identity_fault(value: str, today: str) -> str:
    """Whether a text is no identity number. GB 11643: Σ aᵢ·2^(18-i) over 18 places is 1 mod 11.

    Shape first: what follows may then rely on digits.
    """
    born = " || '-' || ".join(f"substr({value}, {at}, {n})" for at, n in ((7, 4), (11, 2), (13, 2)))
    weighted = " + ".join(
        f"ascii(substr({value}, {at}, 1)) * {2 ** (18 - at) % 11}" for at in _PLACES
    )
    last = f"CASE WHEN substr({value}, 18, 1) = 'X' THEN 58 ELSE ascii(substr({value}, 18, 1)) END"
    # every place brings 48 too much: '0' is 48, and X stands for 10, the sign behind '9'
    extra = 48 * (sum(2 ** (18 - at) % 11 for at in _PLACES) + 1)
    return (
        f"CASE WHEN {value} IS NULL THEN FALSE"
        f" WHEN {whole(value, _DATED_IDENTITY)}"
        f" THEN ({weighted} + {last} - {extra}) % 11 <> 1"
        f" OR coalesce(TRY_CAST({born} AS DATE) > {today}, TRUE)"
        " ELSE TRUE END"
    )


def credit_code_fault(value: str) -> str:
    """Whether a text is no social credit code. GB 32100: Σ Cᵢ·3^(i-1) over 17 places plus the check
    character is 0 mod 31; a sign counts as its place in the alphabet without I, O, S, V, Z.
    """
    weighted = " + ".join(
        f"(instr('{CREDIT_SIGNS}', substr({value}, {at}, 1)) - 1) * {pow(3, at - 1, 31)}"
        for at in _PLACES
    )
    last = f"(instr('{CREDIT_SIGNS}', substr({value}, 18, 1)) - 1)"
    return (
        f"CASE WHEN {value} IS NULL THEN FALSE"
        f" WHEN {whole(value, CREDIT_SHAPE)} THEN ({weighted} + {last}) % 31 <> 0 ELSE TRUE END"
    )


def phone_fault(value: str) -> str:
    return f"NOT {whole(value, PHONE)}"
