"""Check digits of the numbers that name people and bodies (校验码).

GB 11643-1999 公民身份号码 (ISO 7064 MOD 11-2) and GB 32100-2015 统一社会信用代码 (MOD 31-3).
"""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache
from operator import mul

_PERSON = re.compile(r"[1-9]\d{16}[\dX]")
_PERSON_CHECK = "10X98765432"
_PERSON_WEIGHTS = tuple(pow(2, 17 - at, 11) for at in range(17))
_BODY = re.compile(r"[0-9A-HJ-NPQRTUWXY]{18}")
_BODY_DIGITS = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def person_check_digit(first17: str) -> str:
    """The 18th character of an identity number (GB 11643-1999, 4.5)."""
    total = sum(map(mul, map(int, first17), _PERSON_WEIGHTS))
    return _PERSON_CHECK[total % 11]


def person_number_holds(number: str) -> bool:
    """Shape, a real date of birth, and the check digit of an 18-character identity number."""
    if not _PERSON.fullmatch(number) or birth_date_of(number) is None:
        return False
    return person_check_digit(number[:17]) == number[17]


def birth_date_of(number: str) -> date | None:
    """The date of birth inside an identity number; None when there is no such day."""
    digits = number[6:14]
    if len(digits) != 8 or not (digits.isascii() and digits.isdigit()):
        return None
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return None


def sex_of(number: str) -> str:
    """ "1" male or "2" female (GB/T 2261.1), from the parity of the 17th digit."""
    return "1" if int(number[16]) % 2 else "2"


def body_check_digit(first17: str) -> str:
    """The 18th character of a unified social credit code (GB 32100-2015, annex A)."""
    total = sum(_BODY_DIGITS.index(sign) * pow(3, at, 31) for at, sign in enumerate(first17))
    return _BODY_DIGITS[-total % 31]


@lru_cache(maxsize=1024)
def body_code_holds(code: str) -> bool:
    """Shape and check digit of a unified social credit code."""
    return bool(_BODY.fullmatch(code)) and body_check_digit(code[:17]) == code[17]
