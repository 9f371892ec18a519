"""Shared documents as a batch: each makes a row, and the row is judged as any other."""

import io
import zipfile
from datetime import date

import pyarrow.parquet as pq
import pytest

from openrhip.agent import manifest as manifests
from openrhip.agent.describing import describe
from openrhip.collect import service as collect
from openrhip.collect.catalogue import load
from openrhip.collect.engine import documents
from openrhip.collect.models import Batch
from openrhip.collect.rules.jobs import InputFile
from openrhip.formats import cda
from openrhip.formats.cda import tree
from openrhip.kernel.errors import Malformed, TooLarge

NAME = "C0002/ayi-xw.xml"


@pytest.fixture(scope="module")
def samples():
    return cda.samples()


@pytest.fixture(scope="module")
def table():
    return load().tables["OP_RECORD"]


def _files(folder, contents):
    found = []
    for name, content in contents.items():
        (folder / name).write_bytes(content)
        found.append(InputFile(folder / name, name, format="cda"))
    return found


def _zipped(contents, **about):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", **about) as archive:
        for name, content in contents.items():
            archive.writestr(name, content)
    return out.getvalue()


def _rows(folder, contents, table):
    made = documents.as_table(_files(folder, contents), table, folder / "out.parquet")
    rows = pq.read_table(made.path).to_pylist()
    assert made.rows == len(rows)
    return rows


def test_columns_are_filled_through_their_data_elements(samples, table):
    row = documents.row_of(cda.parse(samples[NAME]), table)
    assert list(row) == [column.name for column in table.columns]
    said = {
        "org_code": "123201029990002B87",
        "name": "阿依古丽·买买提",
        "sex_code": "2",
        "amend_flag": "1",
        "chief_complaint": "失眠、心烦3个月。",
        "doctor_code": "XW0104",
        "doctor_name": "汪素琴",
        "collected_at": "2026-02-18 10:00:00",
        "signed_at": "2026-02-18 10:25:00",
        "first_flag": "1",
    }
    found = {name: row[name] for name in said if name in row}
    assert found == {name: value for name, value in said.items() if name in row}
    assert len(found) >= 8
    assert [
        column.name for column in table.columns if column.required and not row[column.name]
    ] == []


def test_every_kind_that_has_a_table_makes_a_row(samples):
    """Of each kind's samples most columns that the document can know are filled."""
    catalogue, kinds, shares = load(), set(), []
    for table in catalogue.tables.values():
        for name, source in samples.items():
            if name.startswith(f"{table.cda}/"):
                row = documents.row_of(cda.parse(source), table)
                assert row["name"], name
                assert row["org_code"], name
                kinds.add(table.cda)
                shares.append(sum(map(bool, row.values())) / len(row))
    assert len(kinds) == 32
    assert sum(shares) / len(shares) > 0.65


def test_a_correction_is_an_amended_row(samples):
    table = load().tables["IP_DISCHARGE_RECORD"]
    corrected = [x for x in samples.values() if cda.parse(x).replaces]
    assert corrected
    for source in corrected:
        assert documents.row_of(cda.parse(source), table)["amend_flag"] == "2"


def test_files_and_archives_in_order(tmp_path, samples, table):
    names = sorted(name for name in samples if name.startswith("C0002/"))
    archive = _zipped({f"day/{at}.xml": samples[name] for at, name in enumerate(names[1:])})
    rows = _rows(tmp_path, {"a.xml": samples[names[0]], "rest.zip": archive}, table)
    expected = [documents.row_of(cda.parse(samples[name]), table) for name in names]
    assert rows == expected
    described = describe(tmp_path / "rest.zip")
    assert (described.format, described.rows) == ("cda", len(names) - 1)


_BOMB = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa">]><ClinicalDocument>&a;</ClinicalDocument>'


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"", Malformed),
        (b"not xml", Malformed),
        (_BOMB, Malformed),
        (b"<x/>", Malformed),
        (b"<a>" * 200 + b"</a>" * 200, (Malformed, TooLarge)),
        (b"<a>" + b"x" * (tree.MAX_BYTES + 1) + b"</a>", TooLarge),
    ],
)
def test_what_is_no_document_names_its_file(tmp_path, table, content, error):
    with pytest.raises(error) as caught:
        _rows(tmp_path, {"bad.xml": content}, table)
    assert caught.value.where.startswith("bad.xml")
    with pytest.raises(error) as caught:
        _rows(tmp_path, {"bad.zip": _zipped({"x/../1.xml": content})}, table)
    assert caught.value.where.startswith("bad.zip/x/../1.xml")


def test_a_document_of_another_kind_is_said(tmp_path, samples, table):
    with pytest.raises(Malformed, match="C0053"):
        other = next(x for name, x in samples.items() if name.startswith("C0053/"))
        _rows(tmp_path, {"a.xml": other}, table)


def test_archives_that_bite(tmp_path, samples, table, monkeypatch):
    bomb = _zipped({"a.xml": b"\0" * (tree.MAX_BYTES * 3)}, compression=zipfile.ZIP_DEFLATED)
    with pytest.raises(TooLarge):
        _rows(tmp_path, {"bomb.zip": bomb}, table)
    whole = _zipped({"a.xml": samples[NAME]})
    for content in (b"PK\x03\x04", whole[:-30], whole[:60] + b"\xff" * 40 + whole[100:]):
        with pytest.raises(Malformed):
            _rows(tmp_path, {"bad.zip": content}, table)
    with pytest.raises(Malformed):
        describe(_files(tmp_path, {"bad.zip": b"PK"})[0].path)
    monkeypatch.setattr(documents, "MOST_DOCUMENTS", 1)
    with pytest.raises(TooLarge):
        _rows(
            tmp_path, {"two.zip": _zipped(dict.fromkeys(("a.xml", "b.xml"), samples[NAME]))}, table
        )


def test_a_batch_of_documents_is_loaded(unit, samples, tmp_path):
    """Through receiving and the engine: what the document lacks, its rules say."""
    (tmp_path / "visit.xml").write_bytes(samples[NAME])
    file = describe(tmp_path / "visit.xml")
    made = manifests.build(unit="U1", table="OP_RECORD", day=date(2026, 2, 18), files=[file])
    collect.register_unit(code="U1", owner="hospital", tolerance="1")
    state = collect.receive(
        envelope=manifests.sign(made, unit.signer).encode(),
        open_file={"visit.xml": tmp_path / "visit.xml"},
        via="cli",
    )
    done = collect.process(batch_id=state.id)
    assert done.received == done.loaded + done.quarantined == 1
    # whether its visit is known depends on what was loaded before: that is told, and only warns
    broken = {hit.rule for hit in done.hits} - {"OP_RECORD.visit_no.reference"}
    assert (done.state, broken, done.loaded) == ("loaded", set(), 1)


def test_documents_for_a_table_without_them_are_refused_at_once(unit, samples, tmp_path):
    (tmp_path / "visit.xml").write_bytes(samples[NAME])
    file = describe(tmp_path / "visit.xml")
    made = manifests.build(unit="U1", table="OP_VISIT", day=date(2026, 2, 18), files=[file])
    envelope = manifests.sign(made, unit.signer).encode()
    with pytest.raises(Malformed) as caught:
        collect.announce(institution="U1", envelope=envelope)
    assert caught.value.where == "manifest/files"


def test_a_batch_with_a_broken_document_is_refused_with_its_name(unit, tmp_path):
    (tmp_path / "bad.xml").write_bytes(_BOMB)
    file = describe(tmp_path / "bad.xml")
    made = manifests.build(unit="U1", table="OP_RECORD", day=date(2026, 2, 18), files=[file])
    state = collect.receive(
        envelope=manifests.sign(made, unit.signer).encode(),
        open_file={"bad.xml": tmp_path / "bad.xml"},
        via="cli",
    )
    done = collect.process(batch_id=state.id)
    assert (done.state, done.problem.code) == ("refused", "malformed")
    assert done.problem.where.startswith("bad.xml")
    assert Batch.objects.get().loaded == 0
