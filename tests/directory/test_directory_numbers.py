"""GB 11643 numbers, other certificates, sex codes, masks."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openrhip.directory.rules import numbers
from openrhip.directory.rules.numbers import IdType, Sex
from openrhip.kernel.errors import Malformed, Problem

PROVINCES = st.sampled_from(sorted(numbers._PROVINCES))
BIRTHS = st.dates(min_value=date(1850, 1, 1), max_value=date(2026, 1, 1))


@st.composite
def valid_numbers(draw):
    """(number, birth date, sex)."""
    born = draw(BIRTHS)
    order = draw(st.integers(0, 999))
    first = f"{draw(PROVINCES)}{draw(st.integers(0, 9999)):04}{born:%Y%m%d}{order:03}"
    first = first[:6] + f"{born.year:04}" + first[-7:]
    return first + numbers.check_digit(first), born, Sex.MALE if order % 2 else Sex.FEMALE


@given(valid_numbers())
def test_a_valid_number_tells_birth_date_and_sex(made):
    number, born, sex = made
    found = numbers.certificate(number)
    assert (found.number, found.birth_date, found.sex) == (number, born, sex)
    numbers.agree(found, birth_date=born, sex=sex)
    numbers.agree(found, birth_date=born, sex=Sex.UNKNOWN)


@given(valid_numbers(), st.integers(0, 16), st.integers(1, 9))
def test_one_wrong_digit_is_always_found(made, place, shift):
    """MOD 11-2 finds every single substitution."""
    number = made[0]
    wrong = number[:place] + str((int(number[place]) + shift) % 10) + number[place + 1 :]
    with pytest.raises(Malformed):
        numbers.certificate(wrong)


@given(valid_numbers(), st.integers(0, 15))
def test_two_digits_exchanged_are_found(made, place):
    number = made[0]
    swapped = number[:place] + number[place + 1] + number[place] + number[place + 2 :]
    if swapped != number:
        with pytest.raises(Malformed):
            numbers.certificate(swapped)


def test_the_known_example_of_the_standard():
    """GB 11643-1999 annex A computes the check digit of 11010519491231002 as X."""
    assert numbers.check_digit("11010519491231002") == "X"
    assert numbers.certificate("11010519491231002x").number == "11010519491231002X"
    assert (
        numbers.certificate("４４０５２４１８８００１０１００１４").number == "440524188001010014"
    )


def test_a_number_of_the_first_generation_becomes_the_one_of_the_second():
    old = numbers.certificate("110105491231002")
    assert old.number == "11010519491231002X"
    assert old.lookup_text == numbers.certificate("11010519491231002X").lookup_text


@pytest.mark.parametrize(
    ("number", "why"),
    [
        ("11010519491231002", "17 digits"),
        ("110105194912310021", "check digit"),
        ("00010519491231002X", "province"),
        ("11010519490231002", "17 digits"),
        ("", "17 digits"),
        ("一二三四五六七八九十一二三四五六七八", "17 digits"),
        ("²²²²²²²²²²²²²²²²²²", "check digit"),
    ],
)
def test_broken_numbers_name_what_is_wrong(number, why):
    with pytest.raises(Malformed, match=why):
        numbers.certificate(number)


def test_no_day_no_number():
    first = "11010519490230100"
    with pytest.raises(Malformed, match="no date"):
        numbers.certificate(first + numbers.check_digit(first))


def test_birth_date_and_sex_must_agree():
    found = numbers.certificate("11010519491231002X")
    with pytest.raises(Malformed, match="birth date"):
        numbers.agree(found, birth_date=date(1949, 12, 30), sex=Sex.FEMALE)
    with pytest.raises(Malformed, match="sex"):
        numbers.agree(found, birth_date=date(1949, 12, 31), sex=Sex.MALE)


@pytest.mark.parametrize(
    ("id_type", "number", "kept"),
    [
        (IdType.PASSPORT, " e1234 5678 ", "E12345678"),
        (IdType.HONG_KONG_MACAO, "h12345678", "H12345678"),
        (IdType.TAIWAN, "12345678", "12345678"),
        (IdType.OFFICER, "军字第1234567号", "军字第1234567号"),
        (IdType.OTHER, "SEAMAN-99", "SEAMAN99"),
    ],
)
def test_other_certificates(id_type, number, kept):
    found = numbers.certificate(number, id_type=id_type)
    assert found.number == kept
    numbers.agree(found, birth_date=date(1990, 1, 1), sex=Sex.MALE)


def test_certificates_of_different_types_never_meet():
    passport = numbers.certificate("12345678", id_type=IdType.PASSPORT)
    taiwan = numbers.certificate("12345678", id_type=IdType.TAIWAN)
    assert passport.lookup_text != taiwan.lookup_text


@pytest.mark.parametrize(
    ("id_type", "number"),
    [
        (IdType.PASSPORT, "12"),
        (IdType.HONG_KONG_MACAO, "X12345678"),
        (IdType.TAIWAN, "1"),
        ("88", "1234"),
    ],
)
def test_other_certificates_of_the_wrong_form(id_type, number):
    with pytest.raises(Malformed):
        numbers.certificate(number, id_type=id_type)


@given(st.text(max_size=300), st.sampled_from([*IdType, "x"]))
def test_any_text_is_a_certificate_or_a_problem(text, id_type):
    try:
        found = numbers.certificate(text, id_type=id_type)
    except Problem:
        return
    assert found.number == numbers.squeeze(found.number)


def test_a_problem_shows_no_digit_of_the_number():
    with pytest.raises(Malformed) as caught:
        numbers.certificate("110105194912310021")
    assert "1949" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "sex"),
    [
        ("1", Sex.MALE),
        ("男", Sex.MALE),
        ("F", Sex.FEMALE),
        ("女性", Sex.FEMALE),
        ("9", Sex.UNSTATED),
        ("", Sex.UNKNOWN),
    ],
)
def test_sex_codes(text, sex):
    assert numbers.sex_of(text) is sex


@pytest.mark.parametrize("text", ["3", "other", None])
def test_no_sex_code(text):
    with pytest.raises(Malformed):
        numbers.sex_of(text)


@pytest.mark.parametrize(
    ("given_as", "kept"),
    [
        ("+86 138 1234 5678", "13812345678"),
        ("0086-13812345678", "13812345678"),
        ("8613812345678", "13812345678"),
        ("025-83106666", "02583106666"),
        ("（025）83106666", "02583106666"),
        ("+1 202 555 0143", "12025550143"),
    ],
)
def test_phones(given_as, kept):
    assert numbers.phone(given_as) == kept


@pytest.mark.parametrize("text", ["", "12", "call me", "1" * 30])
def test_no_phone(text):
    with pytest.raises(Malformed):
        numbers.phone(text)


@given(valid_numbers())
def test_a_mask_hides_the_birth_date_and_the_order(made):
    number = made[0]
    masked = numbers.mask_number(number)
    assert len(masked) == 18
    assert masked[4:14] == "*" * 10
    assert numbers.mask_number("E12345678") == "*******78"
    assert numbers.mask_number("1") == "1"
