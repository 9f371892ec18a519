"""Accounts: passwords, factors, one-time codes, throttling."""

import re
from datetime import timedelta

import pyotp
import pytest

from openrhip.kernel import clock
from openrhip.kernel.errors import Conflict, Malformed, NotFound, NotVerified, Refused
from openrhip.site.accounts import models, rules
from openrhip.site.accounts.service import citizens, factors, keys, staff, throttle, trail

PASSWORD = "correct horse battery"
NAME, NUMBER = "王建国", "320100195304129931"


def check(name="shen", password=PASSWORD, address="10.0.0.1"):
    return staff.check_password(name=name, password=password, address=address)


def test_right_password_opens_and_wrong_does_not(city):
    assert check().id == city.doctor.id
    assert check(name=" ＳＨＥＮ ").id == city.doctor.id
    assert check(password="something else entirely") is None
    assert check(name="nobody") is None


@pytest.mark.parametrize("password", ["short", "123456789012", "password1234"])
def test_weak_passwords_are_refused(city, password):
    with pytest.raises(Malformed):
        staff.set_password(account=city.doctor.id, password=password)


def test_account_names_are_unique_and_staff_must_exist(city):
    with pytest.raises(Conflict):
        staff.create_account(name="SHEN", password=PASSWORD, staff_code="D1")
    with pytest.raises(NotFound):
        staff.create_account(name="other", password=PASSWORD, staff_code="nobody")
    with pytest.raises(Malformed):
        staff.create_account(name="", password=PASSWORD, staff_code="D1")


def test_closed_account_and_dismissed_staff_cannot_enter(city):
    from openrhip.directory import service as directory

    directory.dismiss_staff(code="D1", by="test")
    with pytest.raises(Refused):
        staff.visitor(city.doctor.id)
    staff.close_account(account=city.doctor.id)
    assert check() is None
    with pytest.raises(NotFound):
        staff.account(city.doctor.id)


def test_passwords_are_throttled_per_account_even_when_right(city):
    for _ in range(rules.PASSWORD_PER_ACCOUNT.most):
        assert check(password="wrong") is None
    assert check() is None
    later = clock.now() + rules.PASSWORD_PER_ACCOUNT.window + timedelta(seconds=1)
    with clock.frozen(later):
        assert check() is not None


def test_passwords_are_throttled_per_address_over_accounts(city):
    for number in range(rules.PASSWORD_PER_ADDRESS.most):
        check(name=f"guess-{number}", address="10.9.9.9")
    assert check(address="10.9.9.9") is None
    assert check(address="10.0.0.2") is not None


def test_a_hospital_behind_one_address_is_not_locked_out_by_signing_in(city):
    for _ in range(rules.PASSWORD_PER_ADDRESS.most + 5):
        assert check(address="10.9.9.9") is not None


def test_success_forgets_the_failures_before_it(city):
    for _ in range(rules.PASSWORD_PER_ACCOUNT.most - 1):
        check(password="wrong")
    assert check() is not None
    assert check(password="wrong") is None
    assert check() is not None


def test_throttle_keeps_no_names(city):
    check(name="shen", password="wrong")
    stored = " ".join(models.Attempt.objects.values_list("key", flat=True))
    assert "shen" not in stored
    assert throttle.try_once(what="x", who="y", limit=rules.Limit(1, timedelta(minutes=1)))
    assert not throttle.try_once(what="x", who="y", limit=rules.Limit(1, timedelta(minutes=1)))


def test_app_code_is_good_once(city, totp):
    with clock.frozen(clock.now() - timedelta(minutes=5)):
        code = totp(city.doctor)
    now = clock.now()
    with clock.frozen(now):
        assert factors.check_totp(account=city.doctor.id, code=code(), address="t")
        assert not factors.check_totp(account=city.doctor.id, code=code(), address="t")
    with clock.frozen(now + timedelta(seconds=60)):
        assert factors.check_totp(account=city.doctor.id, code=code(), address="t")


def test_code_used_at_enrolment_is_used_up(city, totp):
    with clock.frozen(clock.now()):
        code = totp(city.doctor)
        assert not factors.check_totp(account=city.doctor.id, code=code(), address="t")


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "１２３", "000000"])
def test_wrong_app_codes(city, totp, code):
    totp(city.doctor)
    assert not factors.check_totp(account=city.doctor.id, code=code, address="t")


def test_old_app_code_is_refused(city):
    secret = factors.new_secret()
    stale = pyotp.TOTP(secret).at(clock.now() - timedelta(minutes=3))
    assert not factors.enrol_totp(account=city.doctor.id, secret=secret, code=stale, address="t")


def test_second_factor_is_throttled(city, totp):
    with clock.frozen(clock.now() - timedelta(minutes=5)):
        code = totp(city.doctor)
    for _ in range(rules.FACTOR_PER_ACCOUNT.most):
        factors.check_totp(account=city.doctor.id, code="000000", address="t")
    assert not factors.check_totp(account=city.doctor.id, code=code(), address="t")


def test_recovery_codes_are_good_once_and_replaced_together(city):
    codes = factors.new_recovery_codes(account=city.doctor.id)
    assert len(set(codes)) == rules.RECOVERY_CODES

    def use(code):
        return factors.check_recovery_code(account=city.doctor.id, code=code, address="t")

    assert use(codes[0].lower().replace("-", " "))
    assert not use(codes[0])
    assert factors.recovery_codes_left(account=city.doctor.id) == rules.RECOVERY_CODES - 1
    factors.new_recovery_codes(account=city.doctor.id)
    assert not use(codes[1])


def test_secrets_are_sealed_and_bound_to_their_owner(city, totp):
    totp(city.doctor)
    stored = bytes(models.TotpDevice.objects.get().secret)
    clear = keys.unseal(stored, purpose="totp", owner=str(city.doctor.id))
    assert clear.encode() not in stored
    for owner, data in ((str(city.operator.id), stored), (str(city.doctor.id), stored[:-1] + b"x")):
        with pytest.raises(NotVerified):
            keys.unseal(data, purpose="totp", owner=owner)
    with pytest.raises(NotVerified):
        keys.unseal(b"short", purpose="totp", owner="1")


def test_citizen_gets_the_code_on_the_registered_phone(city):
    asked = citizens.ask_code(name=NAME, id_number=NUMBER, address="t")
    assert asked.shown_code == ""
    [message] = city.doors.messages.sent
    assert message.phone == "13900000001"
    [code] = re.findall(r"\b\d{6}\b", message.en)
    assert citizens.check_code(challenge=asked.id, code=code, address="t") == city.person
    assert citizens.check_code(challenge=asked.id, code=code, address="t") is None


def test_unknown_person_gets_the_same_answer_and_no_code_is_right(city, settings):
    settings.DEVELOPMENT = True
    for name, number in ((NAME, "320100196602189945"), ("李四", NUMBER), ("", "nonsense")):
        asked = citizens.ask_code(name=name, id_number=number, address="t")
        assert len(asked.id) == 32
        assert len(asked.shown_code) == 6
        assert citizens.check_code(challenge=asked.id, code=asked.shown_code, address="t") is None
    assert city.doors.messages.sent == []


def test_code_lapses_and_stands_few_wrong_tries(city, settings):
    settings.DEVELOPMENT = True
    asked = citizens.ask_code(name=NAME, id_number=NUMBER, address="t")
    with clock.frozen(clock.now() + rules.CODE_LIFETIME + timedelta(seconds=1)):
        late = citizens.check_code(challenge=asked.id, code=asked.shown_code, address="t")
    assert late is None
    for _ in range(rules.CODE_WRONG_AT_MOST):
        citizens.check_code(challenge=asked.id, code="000000x", address="t")
    assert citizens.check_code(challenge=asked.id, code=asked.shown_code, address="t") is None


def test_codes_are_throttled_per_person(city):
    for _ in range(rules.CODE_PER_PERSON.most):
        assert citizens.ask_code(name=NAME, id_number=NUMBER, address="t") is not None
    assert citizens.ask_code(name=NAME, id_number=NUMBER, address="t") is None


def test_no_spelling_of_the_number_gets_around_the_throttle(city):
    # U+2010 and U+2014 are hyphens to the directory; spaces and full-width digits are forgiven too.
    spellings = [
        NUMBER[:at] + sign + NUMBER[at:] for at in range(1, 6) for sign in "-\u2010\u2014 "
    ]
    asked = [
        citizens.ask_code(name=NAME, id_number=one, address=f"t{n}")
        for n, one in enumerate(spellings)
    ]
    assert sum(one is not None for one in asked) == rules.CODE_PER_PERSON.most
    assert len(city.doors.messages.sent) == rules.CODE_PER_PERSON.most


def test_guesses_count_over_all_codes_of_a_person(city, settings):
    settings.DEVELOPMENT = True
    for number in range(rules.GUESSES_PER_PERSON.most):
        if number % (rules.CODE_WRONG_AT_MOST - 1) == 0:
            asked = citizens.ask_code(name=NAME, id_number=NUMBER, address="t")
        citizens.check_code(challenge=asked.id, code="000000x", address="t")
    fresh = citizens.ask_code(name=NAME, id_number=NUMBER, address="t")
    assert citizens.check_code(challenge=fresh.id, code=fresh.shown_code, address="t") is None


def test_trail_tells_what_happened_without_names(city):
    check(password="wrong")
    check()
    check(name="nobody")
    events = trail.recent(account=city.doctor.id)
    assert [(event.kind, event.ok) for event in events] == [("password", True), ("password", False)]
    assert models.Event.objects.filter(account=None, kind="password", ok=False).count() == 1
