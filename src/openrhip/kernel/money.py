"""Money (金额): integer 分 inside, Decimal yuan outside. Floats are refused by type."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from openrhip.kernel.errors import Malformed

_LIMIT = 10**15
"""Ten trillion yuan: more than any city's health budget, small enough for every database."""


def fen(yuan: str | Decimal | int) -> int:
    """Yuan to whole 分. Raises Malformed for more than two decimals or absurd sizes."""
    try:
        amount = Decimal(yuan) * 100
    except InvalidOperation as error:
        raise Malformed(f"{str(yuan)[:30]!r} is no amount in yuan") from error
    if not amount.is_finite() or abs(amount) > _LIMIT:
        raise Malformed(f"{str(yuan)[:30]!r} is out of range for an amount in yuan")
    if amount != amount.to_integral_value():
        raise Malformed(f"{yuan} yuan has parts smaller than one 分", remedy="use two decimals")
    return int(amount)


def yuan(amount: int) -> Decimal:
    """Whole 分 to yuan with two decimals."""
    return Decimal(amount).scaleb(-2)
