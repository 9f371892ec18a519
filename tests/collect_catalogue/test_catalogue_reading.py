"""What is no catalogue file is a typed error with its place."""

from datetime import date

import pytest
from catalogue_tables import TABLE, changed
from hypothesis import given, settings
from hypothesis import strategies as st

from openrhip.collect import sampling
from openrhip.collect.catalogue import load, read_table, read_values, reading, survey
from openrhip.collect.rules.checking import check
from openrhip.collect.rules.deriving import rules_of
from openrhip.collect.rules.tables import Catalogue
from openrhip.formats.cda.catalogue.load import value_sets
from openrhip.kernel.errors import Malformed, NotFound, Problem, TooLarge

VALUES = {
    "key": "X",
    "zh": "值域",
    "en": "x",
    "version": "1",
    "source": "s",
    "codes": [["1", "一"]],
}


def test_a_table_is_read_and_gets_the_common_columns():
    table = read_table(TABLE, where="t")
    assert table.column("fee").precision == 8
    assert [column.name for column in table.columns][-5:] == [
        "org_code",
        "amend_flag",
        "secrecy",
        "collected_at",
        "updated_at",
    ]
    assert table.references[0].key == ("no",)
    assert dict(table.rules[4].arguments) == {
        "column": "born",
        "when": "sex",
        "among": ("1", "2"),
    }


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("code", None),
        ("zh", 7),
        ("key", "no"),
        ("key", [1]),
        ("owed_by", ["village"]),
        ("owed_by", "district"),
        ("period", "year"),
        ("unique_in_store", "yes"),
        ("unknown", "x"),
        ("columns", {"name": "x"}),
        ("columns", ["x"]),
        ("columns/0/name", None),
        ("columns/0/name", ["x"]),
        ("columns/0/max", -1),
        ("columns/0/max", "20"),
        ("columns/0/max", True),
        ("columns/0/max", 10**9),
        ("columns/0/required", 1),
        ("columns/0/type", "text[]"),
        ("columns/0/type", 3),
        ("columns/0/length", [0, 3]),
        ("columns/0/requird", True),
        ("columns/0/warn", "length"),
        ("columns/0/check_when", ["sex"]),
        ("columns/0/check_when", ["sex", "1"]),
        ("columns/0/check_when", {"sex": ["1"]}),
        ("columns/0/personal", "secret"),
        ("columns/0/zh", "编\u0000号"),
        ("columns/0/zh", "编\u202e号"),
        ("columns/0/note_zh", "长" * 3_000),
        ("columns/6/minimum", 0),
        ("references", [["no"]]),
        ("references/0/columns", None),
        ("references/0/severity", "fatal"),
        ("references/0/level", "row"),
        ("rules/0/kind", None),
        ("rules/0/id", 5),
        ("rules/0/severity", "info"),
        ("rules/1/columns", [["born"]]),
        ("rules/3/tolerance", 0.01),
    ],
)
def test_wrong_shapes_of_a_table_are_malformed(path, value):
    with pytest.raises(Malformed) as told:
        read_table(changed(path, value), where="tables/T_ONE.toml")
    assert told.value.where.startswith("tables/T_ONE.toml")


def test_counts_are_bounded():
    many = [{**TABLE["columns"][0], "name": f"c{at}"} for at in range(reading.MAX_COLUMNS + 1)]
    with pytest.raises(Malformed, match="more than"):
        read_table({**TABLE, "columns": many}, where="t")
    with pytest.raises(Malformed, match="more than"):
        read_values({**VALUES, "codes": [["1", "一"]] * 100_001}, where="v")


@pytest.mark.parametrize(
    "change",
    [
        {"codes": {"1": "一"}},
        {"codes": [["1"]]},
        {"codes": [["1", 2]]},
        {"codes": ["12"]},
        {"complete": "no"},
        {"shape": 3},
        {"version": 2003},
        {"from_cda": "no such set"},
        {"from_cda": 4},
        {"colour": "red"},
    ],
)
def test_wrong_shapes_of_a_value_set_are_malformed(change):
    with pytest.raises(Malformed):
        read_values({**VALUES, **change}, where="values/X.toml")


def test_codes_of_shared_documents_are_lent_not_copied():
    lent = read_values({**{k: VALUES[k] for k in VALUES if k != "codes"}, "from_cda": "CV05.10.024"},
                       where="v")  # fmt: skip
    assert dict(lent.codes) == dict(value_sets()["CV05.10.024"].codes)
    shape = read_values({**VALUES, "from_cda": "ICD-10"}, where="v").shape
    assert "\\d" not in shape
    assert "(?:" not in shape


@pytest.mark.parametrize(
    "content",
    [
        b"code = ",
        b"\xff\xfe",
        b"code = 'X'\ncode = 'Y'",
        b"a = " + b"[" * 100_000,
        b"",
    ],
)
def test_what_is_no_toml_is_a_problem_with_its_file(tmp_path, content):
    (tmp_path / "tables").mkdir()
    (tmp_path / "tables" / "BROKEN.toml").write_bytes(content)
    with pytest.raises(Problem) as told:
        load(tmp_path)
    assert told.value.where == "tables/BROKEN.toml"


def test_a_huge_file_is_not_read(tmp_path):
    (tmp_path / "values").mkdir()
    with (tmp_path / "values" / "HUGE.toml").open("wb") as file:
        file.truncate(reading.MAX_FILE + 1)
    with pytest.raises(TooLarge):
        load(tmp_path)


def test_all_problems_are_collected(tmp_path):
    (tmp_path / "tables").mkdir()
    for name in ("A", "B"):
        (tmp_path / "tables" / f"{name}.toml").write_text("code = 1\n")
    _, problems = survey(tmp_path)
    assert sorted(one.where for one in problems) == ["tables/A.toml", "tables/B.toml"]


def test_a_centres_folder_replaces_adds_and_removes(tmp_path):
    for kind in ("tables", "values"):
        (tmp_path / kind).mkdir()
    (tmp_path / "tables" / "OP_VISIT.toml").write_text("remove = true\n")
    (tmp_path / "values" / "GB-T-12404.toml").write_text(
        'key = "GB/T 12404"\nzh = "性别"\nen = "sex"\nversion = "x"\nsource = "x"\n'
        'codes = [["1", "男"]]\n'
    )
    (tmp_path / "values" / "MY-SET.toml").write_text(
        'key = "MY SET"\nzh = "我"\nen = "my"\nversion = "1"\nsource = "x"\ncodes = [["1", "一"]]\n'
    )
    (tmp_path / "catalogue.toml").write_text("[owed]\ndistrict = 128\n")
    shipped, own = load(), load(tmp_path)
    assert "OP_VISIT" in shipped.tables
    assert "OP_VISIT" not in own.tables
    refers = shipped.tables["OP_CHARGE"].references
    assert "OP_VISIT" in {one.table for one in refers}
    assert "OP_VISIT" not in {one.table for one in own.tables["OP_CHARGE"].references}
    assert own.values["GB/T 12404"].codes == (("1", "男"),)
    assert own.values["MY SET"].zh == "我"
    assert dict(own.expected) == {"district": 128}
    assert own.digest != shipped.digest
    with pytest.raises(NotFound):
        load(tmp_path / "nowhere")


def test_a_file_is_named_after_what_it_holds(tmp_path):
    (tmp_path / "values").mkdir()
    (tmp_path / "values" / "OTHER.toml").write_text(
        'key = "X"\nzh = "x"\nen = "x"\nversion = "1"\nsource = "x"\ncodes = [["1", "一"]]\n'
    )
    with pytest.raises(Malformed, match="named otherwise"):
        load(tmp_path)


@pytest.mark.parametrize(
    "text", ["owed = 3", "[owed]\nvillage = 1", "[owed]\ndistrict = -1", "x=1"]
)
def test_the_centres_settings_are_checked(tmp_path, text):
    (tmp_path / "catalogue.toml").write_text(text)
    with pytest.raises(Malformed):
        load(tmp_path)


def test_a_catalogue_that_could_not_work_is_not_used(tmp_path):
    (tmp_path / "tables").mkdir()
    text = (reading.SHIPPED / "tables" / "OP_VISIT.toml").read_text("utf-8")
    for old, new in (('kind = "order"', 'kind = "odour"'), ('["visit_no"]', '["visit_na"]')):
        (tmp_path / "tables" / "OP_VISIT.toml").write_text(text.replace(old, new), "utf-8")
        with pytest.raises(Malformed) as told:
            load(tmp_path)
        assert told.value.where.startswith("tables/OP_VISIT")


VALUES_OF_ANY_KIND = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**12), 10**12)
    | st.floats(allow_nan=False)
    | st.text(max_size=12)
    | st.sampled_from(["no", "sex", "fee", "T_ONE", "order", "date", "GB/T 2261.1", "identity"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=5,
)


def paths(value, before=()):
    """Every place in a nested value."""
    yield before
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from paths(inner, (*before, name))
    elif isinstance(value, list):
        for at, inner in enumerate(value):
            yield from paths(inner, (*before, str(at)))


@settings(max_examples=150, deadline=None)
@given(st.sampled_from([path for path in paths(TABLE) if path]), VALUES_OF_ANY_KIND)
def test_whatever_stands_anywhere_ends_typed(path, value):
    """Read, or Malformed; what was read is checked without a raw error, and then works."""
    try:
        table = read_table(changed("/".join(path), value), where="t")
    except Malformed:
        return
    catalogue = Catalogue({table.code: table}, load().values)
    if not check(catalogue):
        assert rules_of(table)
        assert sampling.sample(table, catalogue, 3, date(2026, 11, 3)).num_rows == 3
