"""Value sets: those of the shared documents are the same, and facts that many rely on hold."""

from openrhip.collect.catalogue import load
from openrhip.formats.cda.catalogue.load import value_sets


def test_closed_sets_of_shared_documents_have_the_same_codes():
    own = load().values
    for key, theirs in value_sets().items():
        assert key in own
        if theirs.closed:
            assert dict(own[key].codes) == dict(theirs.codes)


def test_open_sets_add_to_what_shared_documents_know():
    own = load().values
    for key, theirs in value_sets().items():
        ours = {name for code, name in (*own[key].codes, *own[key].other_names)}
        if key != "GB/T 2659":
            assert set(theirs.codes.values()) <= ours


def test_regions_form_a_tree():
    regions = dict(load().values["GB/T 2260"].codes)
    assert len(regions) > 3_200
    assert regions["320106"] == "鼓楼区"
    for code in regions:
        assert f"{code[:2]}0000" in regions
    prefixes = {code[:4] for code in regions if not code.endswith("0000")}
    without = [prefix for prefix in prefixes if f"{prefix}00" not in regions]
    assert without == []


def test_countries_departments_institutions():
    values = load().values
    assert dict(values["GB/T 2659"].codes)["156"] == "中国"
    assert len(values["GB/T 2659"].codes) >= 239
    assert dict(values["ZLKM"].codes)["03.04"] == "心血管内科专业"
    assert dict(values["WS 218"].codes)["A100"] == "综合医院"


def test_every_set_says_source_and_version():
    for one in load().values.values():
        assert one.source
        assert one.version
