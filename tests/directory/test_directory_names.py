"""Names as they are kept, keys under which they meet, masks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openrhip.directory.rules import names
from openrhip.kernel.errors import Malformed, TooLarge


@pytest.mark.parametrize("name", ["王㛃", "𠮷田", "龚䶮", "买买提·艾则孜", "𰻝面", "O'Brien"])
def test_rare_characters_are_kept_as_written(name):
    assert names.clean_name(f"  {name} ") == name
    assert names.person_key(name)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("买买提·艾则孜", "买买提•艾则孜"),
        ("买买提．艾则孜", "买买提艾则孜"),
        ("ＺＨＡＮＧ San", "zhang san"),
        ("龚\ue863", "龚䶮"),
        ("欧阳 娜娜", "欧阳娜娜"),
    ],
)
def test_spellings_of_one_name_share_a_key(one, other):
    assert names.person_key(one) == names.person_key(other)


@pytest.mark.parametrize(("one", "other"), [("王㛃", "王洁"), ("𠮷田", "吉田"), ("张三", "张山")])
def test_other_names_do_not(one, other):
    assert names.person_key(one) != names.person_key(other)


def test_the_private_use_table_is_gbk_s():
    assert names._PRIVATE_USE[0xE863] == "䶮"
    assert names._PRIVATE_USE[0xE815] == "⺁"
    assert not any(0xE000 <= ord(c) <= 0xF8FF for c in names._PRIVATE_USE.values())


@pytest.mark.parametrize("bad", ["", "   ", "a\x00b", "a\nb", "\ud800x"])
def test_no_names(bad):
    with pytest.raises(Malformed):
        names.clean_name(bad)


def test_long_names_are_too_large():
    assert names.clean_name("王" * 100)
    with pytest.raises(TooLarge):
        names.clean_name("王" * 101)
    with pytest.raises(TooLarge):
        names.clean_name("王" * 100_000)


@given(st.text(max_size=120))
def test_keys_are_stable(text):
    """A key is its own key: nothing changes when a key is folded again."""
    for fold in (names.person_key, names.institution_key):
        assert fold(fold(text)) == fold(text)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("东部战区总医院(秦淮医疗区)", "东部战区总医院（秦淮医疗区）"),
        ("南京市江宁医院（湖山路）", "南京市江宁医院 ( 湖山路 )"),
        ("南京市江宁医院（湖山路）", "南京市江宁医院湖山路"),
    ],
)
def test_width_and_brackets_do_not_count(one, other):
    assert names.institution_key(one) == names.institution_key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("南京市江北人民医院", "南京江北人民医院"),
        ("东部战区总医院(秦淮医疗区)", "中国人民解放军东部战区总医院秦淮医疗区"),
    ],
)
def test_loose_keys_meet_where_exact_ones_do_not(one, other):
    assert names.institution_key(one) != names.institution_key(other)
    assert names.loose_key(one) == names.loose_key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("东部战区总医院", "东部战区总医院(秦淮医疗区)"), ("南京市第一医院", "南京市第二医院")],
)
def test_different_institutions_stay_apart(one, other):
    assert names.loose_key(one) != names.loose_key(other)


@pytest.mark.parametrize(
    ("name", "masked"), [("张", "*"), ("张三", "张*"), ("𠮷田健", "𠮷*健"), ("欧阳娜娜", "欧**娜")]
)
def test_masks(name, masked):
    assert names.mask_name(name) == masked


def test_traditional_and_simplified_spellings_are_one_name():
    assert names.person_key("李秀蘭") == names.person_key("李秀兰")
    assert names.person_key("陳國華") == names.person_key("陈国华")
    assert names.person_key("李秀兰") != names.person_key("李秀英")
