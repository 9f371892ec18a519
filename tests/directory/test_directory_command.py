"""`openrhip directory`: what it prints, in words and in JSON, and that it masks."""

import json
from datetime import date

import pytest
from click.testing import CliRunner

from openrhip.directory import service
from openrhip.directory.cli import cli
from openrhip.directory.rules.numbers import check_digit
from openrhip.directory.service import Actor, Grantee, Scope
from openrhip.kernel.errors import Malformed, NotFound, Refused

pytestmark = pytest.mark.django_db


def run(*args):
    """Standard output; a Problem is raised as it is."""
    result = CliRunner().invoke(cli, args, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def ask(*args):
    return json.loads(run(*args, "--json"))


def test_institutions_and_names(town):
    service.add_alias(code="H1", alias="市一院")
    service.add_alias(code="H2", alias="市一院")
    found = ask("institutions")
    assert [item["code"] for item in found["institutions"]] == ["H1", "H2"]
    assert found["ambiguous"] == {"市一院": ["H1", "H2"]}
    assert "ambiguous: 市一院: H1, H2" in run("institutions")
    assert ask("resolve", "南京第一医院")["how"] == "loose"
    assert "H1" in run("resolve", "南京市第一医院")


CITY = {
    "institutions": [
        {
            "code": "N1",
            "name": "南京梅山医院",
            "kind": "hospital",
            "aliases": ["上海梅山医院"],
            "departments": [["01", "内科"]],
            "staff": [{"code": "n-1", "name": "孙医生", "department": "01", "roles": ["doctor"]}],
        },
        {"code": "N2", "name": "南京同仁医院"},
    ]
}


def loaded(tmp_path, value):
    path = tmp_path / "city.json"
    path.write_text(value if isinstance(value, str) else json.dumps(value), "utf-8")
    return ask("load", str(path))


def test_a_city_is_loaded_once(db, tmp_path):
    for _ in range(2):
        assert loaded(tmp_path, CITY) == {"institutions": 2, "departments": 1, "staff": 1}
    assert service.institution("上海梅山医院").code == "N1"
    assert service.staff("n-1").department_name == "内科"
    assert len(service.institutions()) == 2


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ("[]", "institutions"),
        ("{", ""),
        ({"institutions": [1]}, "institutions/0"),
        ({"institutions": [{"code": "N1"}]}, "institutions/0"),
        ({"institutions": [{"code": "N1", "name": 1}]}, "institutions/0/name"),
        ({"institutions": [{"code": "N1", "name": "x", "beds": 3}]}, "institutions/0"),
        ({"institutions": [{"code": "一", "name": "x"}]}, "institutions/0/code"),
        (
            {"institutions": [{"code": "N1", "name": "x", "departments": ["01"]}]},
            "institutions/0/departments",
        ),
        ({"institutions": [{"code": "N1", "name": "x", "aliases": [1]}]}, "institutions/0/aliases"),
        (
            {
                "institutions": [
                    CITY["institutions"][1],
                    {
                        "code": "N1",
                        "name": "x",
                        "staff": [{"code": "a", "name": "b", "roles": ["king"]}],
                    },
                ]
            },
            "institutions/1/staff/0/roles",
        ),
    ],
)
def test_a_file_that_breaks_a_rule_loads_nothing_and_names_the_place(db, tmp_path, change, where):
    with pytest.raises(Malformed) as caught:
        loaded(tmp_path, change)
    assert caught.value.where == where
    assert service.institutions() == ()


def test_a_person_is_shown_masked_with_history(town):
    step = ask("merge", town.patient, town.other, "--by", "clerk-1", "--why", "同一人")
    assert step["verb"] == "merge"
    assert step["receipt"]
    output = run("person", town.other) + run("person", town.other, "--json")
    assert "王㛃" not in output
    assert "19900101" not in output
    found = ask("person", town.other)
    assert found["person"] == town.patient
    assert found["merged"] == [town.other]
    assert [(step["verb"], step["strength"]) for step in found["history"]] == [("merge", "machine")]
    assert "took" in run("unmerge", town.other, "--by", "clerk-1", "--why", "误合并")
    with pytest.raises(NotFound):
        run("person", "0" * 32)
    with pytest.raises(NotFound):
        run("merge", town.patient, town.other, "--by", "nobody", "--why", "同一人")
    with pytest.raises(Refused):
        run("merge", town.patient, town.other, "--by", "doc1", "--why", "同一人")
    service.dismiss_staff(code="clerk-1", by="test")
    with pytest.raises(Refused):
        run("merge", town.patient, town.other, "--by", "clerk-1", "--why", "同一人")


def test_contacts(town):
    assert ask("contact", town.patient) == {}
    assert "records clerk" in run("contact", town.patient)
    by = ("--by", "clerk-1", "--why", "核对身份证原件")
    done = ask("set-contact", town.patient, "13812345678", *by)
    assert (done["how"], done["strength"], done["by"]) == ("paper", "machine", "staff:clerk-1")
    output = run("contact", town.patient) + run("contact", town.patient, "--json")
    assert "13812345678" not in output
    assert output.count("78") >= 2
    assert service.login_phone(town.patient) == "13812345678"
    with pytest.raises(Refused):
        run("set-contact", town.patient, "13900000000", "--by", "off-1", "--why", "核对身份证原件")


def test_the_review_list(town):
    assert ask("reviews") == []
    first = "32010219900101123"
    service.identify(
        name="王洁",
        sex="1",
        birth_date=date(1990, 1, 1),
        id_number=first + check_digit(first),
        source="H2",
    )
    [item] = ask("reviews")
    assert item["differ"] == ["name"]
    assert item["fresh"]["name"] == "王*"
    assert "differ name" in run("reviews", "--all")


def test_consents(town):
    service.give_consent(
        person_id=town.patient,
        scope=Scope(grantee=Grantee.INSTITUTION, grantee_code="H1"),
        by=Actor.citizen(town.patient),
        evidence="门户",
    )
    [item] = ask("consents", town.patient)
    assert (item["status"], item["grantee_code"], item["pending"]) == ("given", "H1", False)
    assert "permit institution H1 level 4" in run("consents", town.patient)


def test_policies(town, tmp_path):
    digest = service.policy_set_info().digest
    assert ask("policy", "check")["policy_set"] == digest
    (tmp_path / "bad.cedar").write_text("permit (")
    with pytest.raises(Malformed):
        run("policy", "check", str(tmp_path))
    applied = ask("policy", "apply", "--by", "off-1", "--why", "启用")
    assert applied["policy_set"] == digest
    assert applied["applied_at"]
    assert "forbid forbid-objection" in run("policy", "explain")
    assert {row["id"] for row in ask("policy", "explain")} >= {"own-record", "emergency-access"}


def test_a_decision_explained(town):
    asked = ("policy", "explain", "--staff", "doc1", "--person", town.patient)
    assert ask(*asked)["allowed"] is False
    assert "no-treatment-relation" in run(*asked)
    emergency = ask(*asked, "--purpose", "emergency", "--reason", "昏迷送医", "--second-factor")
    assert emergency["allowed"] is True
    assert set(emergency["obligations"]) == {"notify-patient", "notify-officer", "review-by"}
    with pytest.raises(Malformed):
        run(*asked, "--purpose", "fun")


def test_keys(town, tmp_path, monkeypatch):
    from openrhip.directory.adapters import keys

    monkeypatch.setattr(keys, "folder", lambda: tmp_path / "ring")
    run("keys", "create")
    run("keys", "create")
    run("keys", "rotate")
    assert sorted(path.name for path in (tmp_path / "ring").iterdir()) == [
        "index-0001.key",
        "index-0002.key",
        "seal-0001.key",
        "seal-0002.key",
    ]
    assert ask("keys", "reseal") == {"resealed": 0}
