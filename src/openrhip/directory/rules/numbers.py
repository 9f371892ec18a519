"""Certificates and numbers of people (证件): GB 11643-1999, WS/T 364.3 CV02.01.101, GB/T 2261.1."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from openrhip.kernel.errors import Malformed


class IdType(StrEnum):
    """Certificate types, WS/T 364.3 table CV02.01.101."""

    RESIDENT = "01"
    """居民身份证, and with the same number form the residence permits of 港澳台 and foreigners."""
    HOUSEHOLD = "02"
    """居民户口簿 (carries the same number as 01)"""
    PASSPORT = "03"
    """护照"""
    OFFICER = "04"
    """军官证"""
    DRIVER = "05"
    """驾驶证 (carries the same number as 01)"""
    HONG_KONG_MACAO = "06"
    """港澳居民来往内地通行证"""
    TAIWAN = "07"
    """台湾居民来往内地通行证"""
    OTHER = "99"
    """其他法定有效证件"""


class Sex(StrEnum):
    """GB/T 2261.1."""

    UNKNOWN = "0"
    MALE = "1"
    FEMALE = "2"
    UNSTATED = "9"


_SEX_WORDS = {
    **{sex.value: sex for sex in Sex},
    "M": Sex.MALE,
    "F": Sex.FEMALE,
    "男": Sex.MALE,
    "男性": Sex.MALE,
    "女": Sex.FEMALE,
    "女性": Sex.FEMALE,
    "未知": Sex.UNKNOWN,
    "未知的性别": Sex.UNKNOWN,
    "未说明": Sex.UNSTATED,
    "未说明的性别": Sex.UNSTATED,
    "UN": Sex.UNSTATED,
    "": Sex.UNKNOWN,
}
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK = "10X98765432"
_NATIONAL = {IdType.RESIDENT, IdType.HOUSEHOLD, IdType.DRIVER}
_PROVINCES = frozenset(
    str(code)
    for group in (
        range(11, 16),
        range(21, 24),
        range(31, 38),
        range(41, 47),
        range(50, 55),
        range(61, 66),
        (71, 81, 82, 83),
        range(91, 100),
    )
    for code in group
)
"""GB/T 2260 provinces; 81-83 residence permits of 港澳台; 9x permanent residence of foreigners."""
_FORMS = {
    IdType.PASSPORT: re.compile(r"[A-Z0-9]{5,17}"),
    IdType.OFFICER: re.compile(r"[\u4e00-\u9fffA-Z0-9]{4,24}"),
    IdType.HONG_KONG_MACAO: re.compile(r"[HM]\d{8}(\d{2})?"),
    IdType.TAIWAN: re.compile(r"\d{8}|\d{10}[A-Z0-9]?"),
    IdType.OTHER: re.compile(r"[\u4e00-\u9fffA-Z0-9]{3,40}"),
}
_CARD = re.compile(r"[A-Z0-9]{4,64}")
_PHONE = re.compile(r"\+?\d{5,20}")


@dataclass(frozen=True, slots=True)
class Certificate:
    """A checked number. For 01, 02 and 05 the 18-digit form with its own birth date and sex."""

    type: IdType
    number: str
    birth_date: date | None = None
    sex: Sex | None = None

    @property
    def lookup_text(self) -> str:
        """What is hashed under the key; household book and identity card of one number agree."""
        kind = IdType.RESIDENT if self.type in _NATIONAL else self.type
        return f"{kind}:{self.number}"


def sex_of(text: str) -> Sex:
    """Read a GB/T 2261.1 code or a usual word. Raises Malformed."""
    try:
        return _SEX_WORDS[text.strip().upper()]
    except (KeyError, AttributeError) as error:
        raise Malformed(
            "not a sex code of GB/T 2261.1", where="sex", remedy="use 0, 1, 2 or 9"
        ) from error


def certificate(number: str, *, id_type: str = IdType.RESIDENT) -> Certificate:
    """Check and normalise a certificate number. Raises Malformed; the text shows no digit of it."""
    try:
        kind = IdType(id_type)
    except ValueError as error:
        raise Malformed("not a certificate type of CV02.01.101", where="id_type") from error
    text = squeeze(number)
    if kind in _NATIONAL:
        return _national(text, kind)
    if not _FORMS[kind].fullmatch(text):
        raise Malformed(
            f"the number has not the form of certificate type {kind}", where="id_number"
        )
    return Certificate(kind, text)


def check_digit(first17: str) -> str:
    """The 18th character: ISO 7064 MOD 11-2 over the first 17 digits (GB 11643 section 5)."""
    return _CHECK[sum(int(d) * w for d, w in zip(first17, _WEIGHTS, strict=True)) % 11]


def _national(text: str, kind: IdType) -> Certificate:
    if re.fullmatch(r"[0-9]{15}", text):  # the first generation: two-digit year, no check digit
        text = text[:6] + "19" + text[6:]
        text += check_digit(text)
    if not re.fullmatch(r"[0-9]{17}[0-9X]", text):
        raise Malformed("an identity number has 17 digits and a check character", where="id_number")
    if text[:2] not in _PROVINCES:
        raise Malformed("the identity number names no province", where="id_number")
    if check_digit(text[:17]) != text[17]:
        raise Malformed(
            "the check digit of the identity number does not fit (GB 11643)",
            where="id_number",
            remedy="compare the number with the card",
        )
    try:
        born = date(int(text[6:10]), int(text[10:12]), int(text[12:14]))
    except ValueError as error:
        raise Malformed("the identity number holds no date", where="id_number") from error
    if born.year < 1850:
        raise Malformed("the identity number holds no plausible date", where="id_number")
    return Certificate(kind, text, born, Sex.MALE if int(text[16]) % 2 else Sex.FEMALE)


def agree(certificate: Certificate, *, birth_date: date, sex: Sex) -> None:
    """Birth date and sex as stated must be those in the number. Raises Malformed."""
    if certificate.birth_date not in (None, birth_date):
        raise Malformed(
            "the birth date differs from the one in the identity number", where="birth_date"
        )
    if certificate.sex is not None and sex in (Sex.MALE, Sex.FEMALE) and sex != certificate.sex:
        raise Malformed("the sex differs from the one in the identity number", where="sex")


def health_card(number: str) -> str:
    """A health card number (居民健康卡号 or 就诊卡号), normalised. Raises Malformed."""
    text = squeeze(number)
    if not _CARD.fullmatch(text):
        raise Malformed("a health card number has 4 to 64 letters and digits", where="health_card")
    return text


def phone(number: str) -> str:
    """A telephone number, digits only, without +86. Raises Malformed."""
    text = re.sub(r"[()]", "", squeeze(number))
    if not _PHONE.fullmatch(text):
        raise Malformed("a telephone number has 5 to 20 digits", where="phone")
    return re.sub(r"^(\+86|0086|86(?=1\d{10}$))", "", text).removeprefix("+")


def local_id(number: str) -> str:
    """A patient number of a source system, as it is. Raises Malformed."""
    text = unicodedata.normalize("NFKC", number).strip()
    if not 1 <= len(text) <= 128 or not text.isprintable():
        raise Malformed("a source identifier has 1 to 128 printable characters", where="local_id")
    return text


def squeeze(text: str) -> str:
    """Half width, upper case, no spaces or hyphens; bounded."""
    if not isinstance(text, str) or len(text) > 200:
        raise Malformed("a number is a text of at most 200 characters", where="number")
    return re.sub(r"[\s\-‐—]", "", unicodedata.normalize("NFKC", text)).upper()


def mask_number(number: str) -> str:
    """320102199001011234 → 3201**********1234; short numbers keep their last two characters."""
    if len(number) >= 12:
        return number[:4] + "*" * (len(number) - 8) + number[-4:]
    return "*" * max(len(number) - 2, 0) + number[-2:]
