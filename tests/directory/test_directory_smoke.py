from datetime import date
import pytest
from openrhip.directory import service
from openrhip.directory.service import *
from openrhip.directory.rules.numbers import check_digit

@pytest.mark.django_db
def test_all(doors, clerk):
    register_institution(code="H1", name="东部战区总医院(秦淮医疗区)", aliases=["中国人民解放军东部战区总医院秦淮医疗区"], departments=[("01","内科")])
    assert institution("东部战区总医院（秦淮医疗区）").code=="H1"
    register_staff(code="d1", name="李四", institution_code="H1", department_code="01")
    n="32010219900101123"; n+=check_digit(n)
    a=identify(name="王㛃𠮷䶮", sex="男", birth_date=date(1990,1,1), id_number=n, phone="13800000000", source="H1", local_id="P1")
    b=identify(name="王㛃𠮷䶮", sex="1", birth_date=date(1990,1,1), id_number=n, source="H1")
    assert a.person_id==b.person_id and b.certainty=="certain"
    c=identify(name="王大", sex="1", birth_date=date(1990,1,1), id_number=n, source="H1")
    assert c.certainty=="doubtful" and len(reviews())==1
    print(person(a.person_id))
    assert citizen_login_lookup("王㛃𠮷䶮", n)==a.person_id
    merge(survivor=a.person_id, merged=c.person_id, by=clerk, why="same")
    assert person(c.person_id).person_id==a.person_id
    unmerge(person_id=c.person_id, by=clerk, why="wrong")
    cit=Actor.citizen(a.person_id)
    v=give_consent(person_id=a.person_id, scope=Scope(grantee=Grantee.INSTITUTION, grantee_code="H1", level=5), by=cit, evidence="online")
    d=decide(who=Actor(staff_code="d1",institution_code="H1",roles=(Role.DOCTOR,),strength=Strength.SECOND_FACTOR), whose=a.person_id, document=DocumentFacts(document_id="d",kind="C0001",custodian_code="H2",level=5), purpose=Purpose.TREATMENT)
    assert d.allowed, d.reasons
    withdraw_consent(consent_id=v.consent_id, by=cit)
    d=decide(who=Actor(staff_code="d1",institution_code="H1",roles=(Role.DOCTOR,),strength=Strength.SECOND_FACTOR), whose=a.person_id, document=DocumentFacts(document_id="d",kind="C0001",custodian_code="H2",level=5), purpose=Purpose.TREATMENT)
    assert not d.allowed
    print(d.reasons)
    apply_policies(by=clerk, why="start")
    assert policy_set_info().applied_at
    assert [e.kind for e in doors.ledger.entries]==["identity","identity","consent","consent","policy"]
