"""The cast: made-up people and bodies with numbers that pass their checks."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from openrhip.formats import cda
from openrhip.formats.cda import numbers
from openrhip.formats.cda.samples import city

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("one", city.PATIENTS, ids=lambda one: one.key)
def test_identity_numbers_hold_and_belong_to_nobody(one):
    if not one.id_number:
        assert one.same_as
        return
    assert numbers.person_number_holds(one.id_number)
    assert numbers.birth_date_of(one.id_number) == one.birth_date
    assert numbers.sex_of(one.id_number) == one.sex
    assert one.id_number.startswith("320100")  # the city itself: no such district of birth


@pytest.mark.parametrize("one", city.INSTITUTIONS, ids=lambda one: one.prefix)
def test_institutions_have_codes_that_hold_and_staff_with_departments(one):
    assert numbers.body_code_holds(one.code)
    assert "示范" in one.name
    known = {department.code for department in one.departments}
    assert len({member.code for member in one.staff}) == len(one.staff) >= 6
    assert all(member.department in known for member in one.staff)


def test_one_person_at_both_hospitals_and_one_doubtful_spelling():
    seen: dict[str, set[str]] = {}
    for xml in cda.samples().values():
        document = cda.parse(xml)
        seen.setdefault(document.patient.name, set()).add(document.custodian.code)
    assert len(seen["李秀兰"]) == 2
    assert len([name for name, bodies in seen.items() if len(bodies) == 2]) >= 2
    spelt = next(one for one in city.PATIENTS if one.same_as)
    assert (spelt.name, spelt.id_number) == ("李秀蘭", "")
    assert seen["李秀蘭"] == {city.XUANWUHU.code}
    assert city.patient(spelt.same_as).birth_date == spelt.birth_date


def test_authors_and_signers_are_staff_of_their_hospital():
    by_code = {one.code: {member.code for member in one.staff} for one in city.INSTITUTIONS}
    for xml in cda.samples().values():
        document = cda.parse(xml)
        staff = by_code[document.custodian.code]
        people = [*document.authors, *document.authenticators]
        people += [document.legal_authenticator] if document.legal_authenticator else []
        for one in people:
            if one.role in {"患者", "代理人"}:  # they sign with their identity number
                assert numbers.person_number_holds(one.code)
            else:
                assert one.code in staff, (document.document_id, one)


def test_document_numbers_are_unique():
    ids = [cda.parse(xml).document_id for xml in cda.samples().values()]
    assert len(set(ids)) == len(ids)


def test_the_files_are_what_the_generator_makes():
    done = subprocess.run(
        [sys.executable, ROOT / "tools/make_samples.py", "--check"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("number", "holds"),
    [
        ("11010519491231002X", True),  # the example of GB 11643-1999
        ("110105194912310020", False), ("11010519490231002X", False), ("1101051949123100", False),
        ("11010519491231002x", False), ("", False), ("01010519491231002X", False),
    ],
)  # fmt: skip
def test_identity_numbers(number, holds):
    assert numbers.person_number_holds(number) is holds


@pytest.mark.parametrize(
    ("code", "holds"),
    [
        ("91350100M000100Y43", True),
        ("91350100M000100Y44", False),
        ("91350100I000100Y43", False),
        ("", False),
    ],
)
def test_institution_codes(code, holds):
    assert numbers.body_code_holds(code) is holds
