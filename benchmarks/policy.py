"""One permission decision from the tables, median of 1,000: python -m benchmarks.policy

SQLite on disk, 2,000 people, a patient with 20 consents and 20 treatment relations. The reference
is the Cedar engine alone on the same request with everything parsed beforehand.
OPENRHIP_DATABASE_URL measures another database.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable
from datetime import date, timedelta

from benchmarks import _directory, _harness

PEOPLE, FACTS, DECISIONS, ROUNDS = 2_000, 20, 1_000, 5


def build() -> tuple[Callable[[], bool], Callable[[], bool]]:
    """Fill the tables; answers (a whole decision, the engine alone)."""

    from openrhip.directory import service
    from openrhip.directory.rules.numbers import check_digit
    from openrhip.directory.rules.policy import Facts
    from openrhip.kernel import clock
    from openrhip.kernel.database import writing

    service.register_institution(code="H1", name="南京市第一医院", departments=[("01", "内科")])
    service.register_staff(code="doc1", name="李", institution_code="H1", department_code="01")
    with writing():
        for number in range(PEOPLE):
            first = f"320{number // 500:03}19{60 + number % 40}0101{number % 500:03}"
            person = service.identify(
                name=f"王{number}",
                sex="0",
                birth_date=date(1960 + number % 40, 1, 1),
                id_number=first + check_digit(first),
                source="H1",
            ).person_id
    citizen = service.Actor.citizen(person)
    for number in range(FACTS):
        service.register_institution(code=f"X{number}", name=f"第{number}人民医院")
        for code in (f"X{number}",) if number else ("H1",):
            service.note_relation(person_id=person, institution_code=code, source="H1")
        service.give_consent(
            person_id=person,
            scope=service.Scope(grantee=service.Grantee.INSTITUTION, grantee_code=f"X{number}"),
            by=citizen,
            evidence="benchmark",
        )
    officer = service.Actor(staff_code="po", roles=(service.Role.PRIVACY_OFFICER,))
    service.apply_policies(by=officer, why="benchmark")
    who = service.Actor(
        staff_code="doc1", institution_code="H1", department_code="01", roles=(service.Role.DOCTOR,)
    )
    document = service.DocumentFacts(
        document_id="d1",
        kind="C0053",
        custodian_code="X1",
        encounters=(service.Encounter(institution_code="X2", at=clock.now() - timedelta(days=1)),),
    )
    facts = Facts(
        who=who,
        active=True,
        patient_id=person,
        document=document,
        purpose=service.Purpose.TREATMENT,
        action=service.Action.READ,
        treating=True,
        guardian=False,
        reason="",
        consent_level=0,
        refused=False,
    )
    engine = service.current_policies()
    return (
        lambda: (
            service.decide(
                who=who, whose=person, document=document, purpose=service.Purpose.TREATMENT
            ).allowed
        ),
        lambda: engine.decide(facts, at=clock.now()).allowed,
    )


def main() -> None:
    with _directory.home() as database:
        decide, engine = build()
        assert decide()
        assert engine()
        _directory.p50(decide, 100)
        runs, alone = [], []
        for _ in range(ROUNDS):
            alone.append(_directory.p50(engine, DECISIONS))
            runs.append(_directory.p50(decide, DECISIONS))
        _harness.report(
            name="policy",
            runs=runs,
            unit="ms",
            reference=round(statistics.median(alone), 4),
            bar=1.0,
            higher_is_better=False,
            database=database,
            people=PEOPLE,
        )


if __name__ == "__main__":
    main()
