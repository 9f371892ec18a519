"""Break-glass: kept, told, reviewed. Messages of the platform. Policy sets in force."""

from datetime import timedelta

import pytest

from openrhip.directory import models, service
from openrhip.directory.adapters.messages import OutboxSender
from openrhip.directory.ports import Message
from openrhip.directory.service import Actor, DocumentFacts, Purpose, Role, Strength
from openrhip.kernel import clock, events
from openrhip.kernel.errors import Malformed, NotFound, Refused, Unavailable

pytestmark = pytest.mark.django_db
DOCUMENT = DocumentFacts(document_id="d1", kind="C0053", custodian_code="H2", level=5)
REASON = "昏迷送医，需查用药史"


def privacy(code, place="H1"):
    return Actor(staff_code=code, institution_code=place, roles=(Role.PRIVACY_OFFICER,))


@pytest.fixture
def opened(town):
    for code, place in (("off2", "H2"), ("off3", "H3")):
        service.register_institution(
            code=place, name={"H1": "南京市第一医院", "H2": "南京鼓楼医院", "H3": "三院"}[place]
        )
        service.register_staff(
            code=code, name="专员", institution_code=place, roles=[Role.PRIVACY_OFFICER]
        )
    decision = service.decide(
        who=town.doctor,
        whose=town.patient,
        document=DOCUMENT,
        purpose=Purpose.EMERGENCY,
        emergency_reason=REASON,
    )
    assert decision.allowed
    return service.record_emergency(
        who=town.doctor, whose=town.patient, document=DOCUMENT, reason=REASON, decision=decision
    )


def test_patient_and_both_privacy_officers_are_told(town, opened, doors):
    assert doors.messages.sent == []
    events.deliver_due()
    told = {(message.to_person, message.to_staff) for message in doors.messages.sent}
    assert told == {(town.patient, ""), ("", "off-1"), ("", "off2")}
    to_patient = next(m for m in doors.messages.sent if m.to_person)
    assert "南京市第一医院" in to_patient.zh
    assert REASON not in to_patient.zh


def test_a_gateway_that_is_down_delays_the_notice_only(town, opened, doors):
    class Down:
        def send(self, message):
            del message
            raise Unavailable("the gateway does not answer")

    with service.using(messages=Down()):
        assert events.deliver_due() == 0
    with clock.frozen(clock.now() + timedelta(hours=1)):
        assert events.deliver_due() == 2


def test_the_reason_is_sealed_and_shown_to_the_officer(opened):
    row = models.Emergency.objects.get()
    assert REASON.encode() not in bytes(row.reason)
    [shown] = service.emergencies(institution_code="H1")
    assert shown.reason == REASON
    assert abs(shown.review_by - shown.at - timedelta(hours=72)) < timedelta(minutes=1)
    assert not shown.overdue
    with clock.frozen(clock.now() + timedelta(hours=73)):
        assert service.emergencies()[0].overdue


def test_a_review_closes_it(opened):
    done = service.review_emergency(
        emergency_id=opened.emergency_id, justified=False, note="无急诊记录", by=privacy("off-1")
    )
    assert done.justified is False
    assert service.emergencies() == ()
    assert service.emergencies(open_only=False)[0].reviewed_by == "staff:off-1"


@pytest.mark.parametrize("place", ["H1", "H2", "C1"])
def test_officers_of_both_institutions_and_of_the_centre_review(opened, place):
    service.register_institution(code="C1", name="区域卫生信息中心", kind="centre")
    by = privacy("off-9", place)
    [seen] = service.emergencies(by=by)
    assert seen.emergency_id == opened.emergency_id
    service.review_emergency(
        emergency_id=opened.emergency_id, justified=True, note="有急诊记录", by=by
    )
    assert service.emergencies(by=by) == ()


def test_an_officer_of_another_institution_neither_sees_nor_reviews(opened, clerk):
    by = privacy("off3", "H3")
    assert service.emergencies(by=by, open_only=False) == ()
    with pytest.raises(Refused, match="other institutions"):
        service.review_emergency(
            emergency_id=opened.emergency_id, justified=True, note="有急诊记录", by=by
        )
    assert len(service.emergencies()) == 1
    with pytest.raises(Refused):
        service.emergencies(by=clerk)


def test_who_may_not_review(opened, town, clerk):
    own = Actor(staff_code="doc1", institution_code="H1", roles=(Role.DOCTOR, Role.PRIVACY_OFFICER))
    for by in (clerk, own):
        with pytest.raises(Refused):
            service.review_emergency(
                emergency_id=opened.emergency_id, justified=True, note="合理", by=by
            )
    with pytest.raises(Malformed):
        service.review_emergency(
            emergency_id=opened.emergency_id, justified=True, note="", by=privacy("off-1")
        )
    with pytest.raises(NotFound):
        service.review_emergency(
            emergency_id="0" * 32, justified=True, note="合理", by=privacy("off-1")
        )


def test_public_health_tells_the_patient_without_a_review(town, doors):
    who = Actor(
        staff_code="cdc-1",
        institution_code="H1",
        roles=(Role.PUBLIC_HEALTH,),
        strength=Strength.SECOND_FACTOR,
    )
    service.register_staff(
        code="cdc-1", name="疾控", institution_code="H1", roles=[Role.PUBLIC_HEALTH]
    )
    asked = {"who": who, "whose": town.patient, "document": DOCUMENT}
    decision = service.decide(purpose=Purpose.PUBLIC_HEALTH, **asked)
    service.carry_out(purpose=Purpose.PUBLIC_HEALTH, decision=decision, **asked)
    assert events.deliver_due() == 1
    [message] = doors.messages.sent
    assert message.kind == "public-health-access"
    assert "公共卫生" in message.zh
    assert service.emergencies() == ()


def test_carrying_out_an_emergency_records_it(town, doors):
    asked = {"who": town.doctor, "whose": town.patient, "document": DOCUMENT}
    decision = service.decide(purpose=Purpose.EMERGENCY, emergency_reason=REASON, **asked)
    service.carry_out(purpose=Purpose.EMERGENCY, decision=decision, reason=REASON, **asked)
    assert len(service.emergencies()) == 1
    assert events.deliver_due() == 2


def test_a_refused_access_is_no_emergency(town):
    decision = service.decide(
        who=town.doctor, whose=town.patient, document=DOCUMENT, purpose=Purpose.EMERGENCY
    )
    with pytest.raises(Refused):
        service.record_emergency(
            who=town.doctor, whose=town.patient, document=DOCUMENT, reason="", decision=decision
        )


def test_the_demo_keeps_messages_sealed_until_they_expire(town):
    sender = OutboxSender()
    sender.send(
        Message(
            to_person=town.patient,
            kind="sign-in-code",
            zh="验证码 481516",
            en="code 481516",
            expires_at=clock.now() + timedelta(minutes=5),
        )
    )
    assert b"481516" not in bytes(models.StoredMessage.objects.get().body)
    [(_, message)] = service.stored_messages(town.patient, kind="sign-in-code")
    assert message.zh == "验证码 481516"
    assert service.stored_messages(town.other) == ()
    with clock.frozen(clock.now() + timedelta(minutes=6)):
        assert service.stored_messages(town.patient) == ()
        sender.send(Message(to_staff="doc1", kind="note", zh="好", en="ok"))
    assert models.StoredMessage.objects.count() == 1
    with pytest.raises(Malformed):
        service.stored_messages()


def changed(tmp_path, more):
    for name, text in service.check_policies().texts.as_files().items():
        (tmp_path / name).write_text(text, "utf-8")
    (tmp_path / "99-more.cedar").write_text(more, "utf-8")
    return service.read_folder(tmp_path)


CLOSED = '@id("closed") @zh("系统维护") @en("closed") forbid (principal, action, resource);'


def test_a_policy_set_is_in_force_with_its_entry(town, officer, doors, tmp_path):
    shipped = service.policy_set_info()
    assert shipped.applied_at is None
    own = {"who": town.citizen, "whose": town.patient, "purpose": Purpose.OWN_ACCESS}
    assert service.decide(document=DOCUMENT, **own).allowed
    info = service.apply_policies(texts=changed(tmp_path, CLOSED), by=officer, why="停机维护")
    decision = service.decide(document=DOCUMENT, **own)
    assert not decision.allowed
    assert decision.reasons == ("closed: 系统维护 / closed",)
    assert decision.policy_set == info.digest != shipped.digest
    [entry] = doors.ledger.entries
    assert (entry.kind, entry.fields["policy_set"]) == ("policy", info.digest)
    service.apply_policies(by=officer, why="恢复")
    assert service.decide(document=DOCUMENT, **own).allowed
    assert models.PolicySetRow.objects.count() == 2


def test_the_set_in_force_is_not_applied_again(officer, doors):
    first = service.apply_policies(by=officer, why="启用")
    assert service.apply_policies(by=officer, why="再次启用") == first
    assert len(doors.ledger.entries) == 1


def test_a_set_that_does_not_hold_or_is_not_entered_leaves_the_old_one(officer, doors, tmp_path):
    with pytest.raises(Malformed):
        service.apply_policies(texts=changed(tmp_path, "permit ("), by=officer, why="坏策略")
    with pytest.raises(Malformed):
        service.apply_policies(texts=changed(tmp_path, CLOSED), by=officer, why=" ")
    doors.ledger.fail = Unavailable("down")
    with pytest.raises(Unavailable):
        service.apply_policies(texts=changed(tmp_path, CLOSED), by=officer, why="停机维护")
    assert service.policy_set_info().applied_at is None


def test_a_folder_that_is_none(tmp_path):
    with pytest.raises(NotFound):
        service.read_folder(tmp_path / "none")
    (tmp_path / "schema.cedarschema").write_bytes(b"\xff\xfe")
    with pytest.raises(Malformed, match="UTF-8"):
        service.read_folder(tmp_path)


def test_every_policy_can_be_read_in_both_languages():
    rows = service.explain_policies()
    assert {effect for effect, _, _ in rows} == {"permit", "forbid"}
    assert all(reason.zh and reason.en for _, reason, _ in rows)
