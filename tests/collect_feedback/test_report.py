"""The report of a batch: what it broke, where, what to do; rows at fault as a file."""

import csv
import io
import json

import pytest
from feedback_city import CATALOGUE, DAY

from openrhip.collect import models, service
from openrhip.collect.rules.deriving import rules_of
from openrhip.collect.rules.jobs import Example, RuleHits
from openrhip.collect.rules.kinds import Level
from openrhip.collect.rules.reports import as_text, groups_of, shown
from openrhip.collect.rules.sheets import BOM
from openrhip.collect.rules.tables import Severity
from openrhip.collect.service import reading
from openrhip.kernel.errors import Malformed, NotFound

VISIT = CATALOGUE.tables["VISIT"]
REQUIRED, FORM = "VISIT.no.required", "VISIT.amount.form"
HITS = (
    RuleHits(FORM, 2, (Example(3, "amount", "=cmd|' /C calc'!A0"), Example(9, "amount", "12,5"))),
    RuleHits(REQUIRED, 40, tuple(Example(n, "no", "") for n in range(1, 13))),
)


def told(city, hits=HITS, **more):
    batch = city.send(rows=60, bad=42, **more)
    row = models.Batch.objects.get(id=batch)
    models.Report.objects.update_or_create(batch=row, defaults={"hits": reading.pack_hits(hits)})
    return batch


def table_rows(text):
    assert text.startswith(BOM)
    return list(csv.reader(io.StringIO(text.removeprefix(BOM), newline="")))


def test_by_rule_with_words_instruction_and_ten_examples(city):
    found = service.report(told(city))
    assert (found.unit_name, found.table_zh, found.day) == ("第一示范医院", "门急诊就诊记录", DAY)
    assert found.received == found.loaded + found.quarantined == 102
    first, second = found.groups
    assert (first.rule, first.count, len(first.examples)) == (REQUIRED, 40, 10)
    assert first.zh == "流水号未填写"
    assert first.fix_zh == "补填流水号"
    assert first.columns == ("流水号 no",)
    assert second.examples[0].line == 3
    assert not found.ok


def test_a_batch_without_faults_says_so(city):
    found = service.report(city.send(rows=60))
    assert found.ok
    assert "nothing at fault" in as_text(found)


def test_refused_batches_say_why_and_what_to_do(city):
    trouble = {
        "code": "malformed",
        "zh": "缺少列",
        "en": "a column is missing",
        "remedy": "补列 / add it",
    }
    found = service.report(city.send(rows=0, refused=trouble))
    assert (found.problem_zh, found.remedy) == ("缺少列", "补列 / add it")
    assert found.groups == ()
    assert not found.ok
    assert "缺少列" in as_text(found)
    assert service.report_sheet(found.batch).count("缺少列") == 1


def test_what_concerns_the_whole_batch_stands_first_then_errors(city):
    batch = told(city, declared=103)
    found = service.report(batch)
    assert [(one.level, one.severity) for one in found.groups] == [
        (Level.BATCH, Severity.WARNING),
        (Level.ROW, Severity.ERROR),
        (Level.ROW, Severity.ERROR),
    ]
    assert "103" in found.groups[0].zh


def test_json_has_everything(city):
    plain = service.report(told(city)).as_dict()
    assert json.loads(json.dumps(plain, ensure_ascii=False)) == plain
    assert plain["rows"] == {
        "declared": 102,
        "received": 102,
        "loaded": 60,
        "quarantined": 42,
        "marked": 0,
    }
    assert plain["rules"][1]["examples"][0] == {
        "line": 3,
        "column": "amount",
        "value": "=cmd|' /C calc'!A0",
    }


def test_the_sheet_holds_no_formula(city):
    rows = table_rows(service.report_sheet(told(city)))
    assert len(rows) == 1 + 10 + 2
    assert rows[-2][-1] == "'=cmd|' /C calc'!A0"
    assert rows[-2][2] == "2"
    assert all(cell[:1] not in tuple("=+-@") for row in rows for cell in row)


def test_rows_at_fault_as_a_file(city):
    batch = told(city)
    bad = [
        (7, FORM, {"no": "v7", "id_number": "3201**********1234", "amount": "=1+1", "note": "-5"}),
        (2, f"{REQUIRED},{FORM}", {"no": None, "amount": "1,5", "note": "=HYPERLINK(1)"}),
    ]
    city.lay(batch, [{"no": "v1"}], bad)
    head, *rows = table_rows("".join(service.rows_at_fault(batch)))
    assert head[:4] == ["行号 line", "规则 rules", "问题 what", "流水号 no"]
    assert [row[0] for row in rows] == ["2", "7"]
    assert rows[0][2] == "流水号未填写；金额的格式不对，应为数值（至多2位小数）"
    assert rows[1][head.index("金额 amount")] == "'=1+1"
    assert rows[1][head.index("备注 note")] == "-5"
    assert rows[0][head.index("备注 note")] == "'=HYPERLINK(1)"
    assert rows[1][head.index("证件号码 id_number")] == "3201**********1234"


def test_no_rows_at_fault_is_said(city):
    with pytest.raises(NotFound):
        service.rows_at_fault(city.send(rows=5))


def test_only_ids_of_batches_are_looked_up(city):
    with pytest.raises(Malformed):
        service.report("../x")
    with pytest.raises(NotFound):
        service.report("0" * 31 + "9")


def test_rules_of_an_earlier_catalogue_and_lost_tables_have_reports(city):
    batch = told(city, (RuleHits("VISIT.old.rule", 3),))
    assert service.report(batch).groups[0].en == "a rule of an earlier catalogue"
    models.Batch.objects.filter(id=batch).update(table="GONE")
    assert service.report(batch).table_zh == "GONE"


def test_values_cannot_steer_a_terminal(city):
    assert shown("\x1b[31mred\n") == "\\x1b[31mred\\x0a"
    assert shown("长" * 100) == "长" * 80 + "…"


def test_errors_stand_before_warnings():
    hits = [RuleHits("VISIT.no.required", 1), RuleHits("VISIT.key.unique-store", 50)]
    rules = rules_of(VISIT)
    found = groups_of(VISIT, rules, hits, ())
    assert [one.rule for one in found] == ["VISIT.key.unique-store", "VISIT.no.required"]
    assert groups_of(VISIT, rules, [RuleHits("VISIT.no.required", 0)], ()) == ()
