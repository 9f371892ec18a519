"""Institutions under several names, departments, staff and their accounts."""

import pytest
from django.contrib.auth.models import User

from openrhip.directory import models, service
from openrhip.directory.service import Actor, Found, Role, Strength
from openrhip.kernel.errors import Conflict, Malformed, NotFound, Refused, TooLarge

pytestmark = pytest.mark.django_db


@pytest.fixture
def city():
    """Institutions as a city's statistics name them, each under the name of one table."""
    for code, name, aliases in (
        ("A1", "东部战区总医院", ()),
        ("A2", "东部战区总医院(秦淮医疗区)", ()),
        ("A3", "南京梅山医院", ("上海梅山医院",)),
        ("A4", "中国医学科学院皮肤病医院", ("中国医学科学院皮肤病研究所",)),
        ("A5", "南京市江北人民医院", ()),
        ("A6", "南京市江宁医院（湖山路）", ("南京市江宁医院",)),
        ("A7", "南京鼓楼医院", ()),
        ("A8", "南京鼓楼医院江北国际医院", ()),
    ):
        service.register_institution(code=code, name=name, aliases=aliases)


@pytest.mark.parametrize(
    ("asked", "code", "how"),
    [
        ("A1", "A1", Found.CODE),
        ("东部战区总医院", "A1", Found.NAME),
        ("东部战区总医院（秦淮医疗区）", "A2", Found.NAME),
        ("中国人民解放军东部战区总医院秦淮医疗区", "A2", Found.LOOSE),
        ("中国人民解放军东部战区总医院", "A1", Found.LOOSE),
        ("上海梅山医院", "A3", Found.NAME),
        ("中国医学科学院皮肤病研究所", "A4", Found.NAME),
        ("南京江北人民医院", "A5", Found.LOOSE),
        ("南京市江宁医院(湖山路)", "A6", Found.NAME),
        ("南京市江宁医院", "A6", Found.NAME),
        ("南京鼓楼医院", "A7", Found.NAME),
        ("南京市鼓楼医院江北国际医院", "A8", Found.LOOSE),
    ],
)
def test_one_institution_under_several_names(city, asked, code, how):
    found = service.resolve(asked)
    assert [item.code for item in found.institutions] == [code]
    assert found.how is how
    assert service.institution(asked).code == code


@pytest.mark.parametrize("asked", ["南京市第九医院", "鼓楼医院", "A99", "东部战区"])
def test_an_unknown_name_is_unknown(city, asked):
    assert service.resolve(asked).how is Found.UNKNOWN
    with pytest.raises(NotFound):
        service.institution(asked)


def test_an_ambiguous_alias_is_reported_and_resolves_to_nobody(city):
    service.add_alias(code="A7", alias="鼓楼医院")
    assert service.institution("鼓楼医院").code == "A7"
    service.add_alias(code="A8", alias="鼓楼医院")
    found = service.resolve("鼓楼医院")
    assert found.how is Found.AMBIGUOUS
    assert [item.code for item in found.institutions] == ["A7", "A8"]
    with pytest.raises(Conflict, match="several"):
        service.institution("鼓楼医院")
    assert [item.asked for item in service.ambiguous_names()] == ["鼓楼医院"]


def test_a_loose_name_that_fits_two_is_ambiguous(city):
    service.register_institution(code="B1", name="南京市康复医院")
    service.register_institution(code="B2", name="中国人民解放军南京康复医院")
    assert service.resolve("南京康复医院").how is Found.AMBIGUOUS
    assert service.resolve("南京市康复医院").how is Found.NAME


def test_registering_again_changes_nothing_and_a_new_name_keeps_the_old(city):
    again = service.register_institution(code="A7", name="南京鼓楼医院")
    assert again.aliases == ()
    renamed = service.register_institution(code="A7", name="南京大学医学院附属鼓楼医院")
    assert renamed.aliases == ("南京鼓楼医院",)
    assert service.institution("南京鼓楼医院").name == "南京大学医学院附属鼓楼医院"
    assert len(service.institutions()) == 8


def test_departments():
    service.register_institution(
        code="H1", name="一院", departments=[("02", "外科"), ("01", "内科")]
    )
    service.register_department(institution_code="H1", code="01", name="普通内科")
    assert [(d.code, d.name) for d in service.departments("H1")] == [
        ("01", "普通内科"),
        ("02", "外科"),
    ]
    with pytest.raises(NotFound):
        service.departments("H2")
    with pytest.raises(Malformed):
        service.register_department(institution_code="H1", code="内科", name="内科")


@pytest.mark.parametrize(
    ("facts", "error"),
    [
        ({"code": "一院"}, Malformed),
        ({"code": ""}, Malformed),
        ({"code": "x" * 65}, Malformed),
        ({"name": ""}, Malformed),
        ({"name": "（）"}, Malformed),
        ({"name": "院" * 101}, TooLarge),
        ({"kind": "Hospital!"}, Malformed),
    ],
)
def test_institutions_that_break_a_rule(facts, error):
    with pytest.raises(error):
        service.register_institution(**{"code": "H1", "name": "一院", **facts})
    assert service.institutions() == ()


@pytest.fixture
def hospital():
    service.register_institution(code="H1", name="一院", departments=[("01", "内科")])
    service.register_staff(
        code="doc1", name="李医生", institution_code="H1", department_code="01", roles=["doctor"]
    )


def test_an_account_becomes_an_actor(hospital):
    account = User.objects.create_user("li")
    service.link_account(code="doc1", account_id=account.pk)
    weak = service.actor_for_user(account.pk)
    assert weak == Actor(
        staff_code="doc1",
        institution_code="H1",
        department_code="01",
        roles=(Role.DOCTOR,),
        strength=Strength.PASSWORD,
        name="李医生",
    )
    assert service.actor_for_user(account.pk, second_factor=True).second_factor
    assert weak.reference == "staff:doc1"
    service.dismiss_staff(code="doc1", by="staff:chief")
    with pytest.raises(Refused):
        service.actor_for_user(account.pk)


def test_an_account_belongs_to_one_member_of_staff(hospital):
    account = User.objects.create_user("li")
    service.link_account(code="doc1", account_id=account.pk)
    service.register_staff(code="doc2", name="周医生", institution_code="H1")
    with pytest.raises(Conflict):
        service.link_account(code="doc2", account_id=account.pk)
    with pytest.raises(Refused):
        service.actor_for_user(account.pk + 1)
    account.delete()
    assert service.staff("doc1").account_id is None


def test_states_of_staff_are_appended_only_when_something_changed(hospital):
    service.register_staff(
        code="doc1", name="李医生", institution_code="H1", department_code="01", roles=["doctor"]
    )
    service.register_staff(
        code="doc1", name="李医生", institution_code="H1", roles=["doctor", "privacy-officer"]
    )
    service.dismiss_staff(code="doc1", by="staff:chief")
    states = models.StaffState.objects.filter(staff_id="doc1").order_by("pk")
    assert [(state.active, len(state.roles)) for state in states] == [
        (True, 1),
        (True, 2),
        (False, 2),
    ]


def test_staff_are_found_by_role(hospital):
    service.register_staff(
        code="p1", name="钱专员", institution_code="H1", roles=[Role.PRIVACY_OFFICER]
    )
    assert [s.code for s in service.find_staff(role=Role.PRIVACY_OFFICER)] == ["p1"]
    assert len(service.find_staff(institution_code="H1")) == 2


@pytest.mark.parametrize(
    ("facts", "error"),
    [
        ({"code": "医生"}, Malformed),
        ({"institution_code": "H9"}, NotFound),
        ({"institution_code": "\x00"}, NotFound),
        ({"department_code": "99"}, NotFound),
        ({"roles": []}, Malformed),
        ({"roles": ["king"]}, Malformed),
        ({"roles": ["citizen"]}, Malformed),
        ({"name": ""}, Malformed),
    ],
)
def test_staff_that_break_a_rule(hospital, facts, error):
    with pytest.raises(error):
        service.register_staff(**{"code": "x1", "name": "某人", "institution_code": "H1", **facts})
    with pytest.raises(NotFound):
        service.staff("x1")


@pytest.mark.parametrize("code", ["", "\x00", "'; --", "x" * 1000])
def test_codes_of_nobody(code):
    for verb in (service.staff, service.departments):
        with pytest.raises(NotFound):
            verb(code)
