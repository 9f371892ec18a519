"""Thousands of rows damaged in known ways, some of them twice: each is found with all it broke."""

import damaged_rows
import pytest
from oracle import Asked, broken

from openrhip.collect.engine import conformance
from openrhip.collect.rules.jobs import CheckJob, InputFile, Known

ROWS, DAMAGED = 20_000, 5_000
REFERENCE = "VISITS.staff_code.reference"


@pytest.fixture(scope="module")
def visits(tmp_path_factory):
    """The rows, and the file that holds them."""
    made = damaged_rows.make(ROWS, DAMAGED)
    path = tmp_path_factory.mktemp("visits") / "visits.csv"
    conformance.write_rows(path, made.table, made.rows, encoding="utf-8")
    return made, path


def test_there_are_twenty_kinds_of_damage_and_double_faults(visits):
    made, _ = visits
    assert len(made.damages) >= 20
    assert min(made.damages.values()) > 100
    assert sum(len(each) > 1 for each in made.broken) > 200


def test_the_oracle_finds_what_was_damaged(visits):
    made, _ = visits
    day = damaged_rows.DAY
    known = {REFERENCE: damaged_rows.STAFF}
    rows, expected = made.rows[:6_000], made.broken[:6_000]
    told = broken(Asked(made.catalogue, made.table, rows, day, day, made.stored, known))
    assert told[:-1] == expected[:-1]  # the last one's double may be cut off


def finds(engine, visits, folder):
    made, path = visits
    job = CheckJob(
        catalogue=made.catalogue,
        table=made.table,
        files=(InputFile(path, path.name, rows=ROWS),),
        unit=damaged_rows.ORGANISATION,
        day=damaged_rows.DAY,
        batch="damaged",
        out=folder,
        today=damaged_rows.DAY,
        known=Known(
            stored=conformance.known_among(made.stored),
            references={REFERENCE: conformance.known_among(damaged_rows.STAFF)},
        ),
    )
    answer = conformance.told(engine.check(job), ROWS)
    assert list(answer.broken) == made.broken
    assert answer.result.received == ROWS == answer.result.loaded + answer.result.quarantined
    assert {hits.rule: hits.count for hits in answer.result.hits} == made.damages


def test_duckdb_finds_every_damaged_row_with_every_rule_it_broke(duckdb, visits, tmp_path):
    finds(duckdb, visits, tmp_path)


@pytest.mark.xdist_group("sail")
def test_sail_finds_every_damaged_row_with_every_rule_it_broke(sail, visits, tmp_path):
    finds(sail, visits, tmp_path)


@pytest.mark.xdist_group("spark")
def test_spark_finds_every_damaged_row_with_every_rule_it_broke(spark, visits, tmp_path):
    finds(spark, visits, tmp_path)
