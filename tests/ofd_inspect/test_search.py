"""Words are found however they are written and cut, and nothing is missed for speed."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openrhip.formats import ofd
from openrhip.formats.ofd.inspect import lines as rows
from openrhip.formats.ofd.inspect import searching
from openrhip.kernel.errors import Malformed, TooLarge

NS = 'xmlns:ofd="http://www.ofdspec.org/2016"'
PAGE = "Doc_0/Pages/Page_0/Content.xml"


def text_object(number, x, y, text, size=4, extra=""):
    inner = text.replace("&", "&amp;").replace("<", "&lt;")
    return (
        f'<ofd:TextObject ID="{number}" Boundary="{x} {y} 50 6" Font="4" Size="{size}"{extra}>'
        f'<ofd:TextCode X="0" Y="4" DeltaX="g 99 {size}">{inner}</ofd:TextCode></ofd:TextObject>'
    )


def page_of(objects, more=""):
    return (
        f'<ofd:Page {NS}>{more}<ofd:Content><ofd:Layer ID="10">{objects}</ofd:Layer></ofd:Content>'
        "</ofd:Page>"
    )


def hits(data, word, **options):
    return [(hit.page, hit.text) for hit in ofd.search(data, word, **options)]


def test_within_an_object_and_across_objects_of_a_line(parcel):
    data = parcel()
    assert hits(data, "胸痛") == [(0, "胸痛")]
    assert hits(data, "入院诊断") == [(0, "入院诊断")]
    assert hits(data, "诊断主诉") == []


def test_the_place_is_where_the_characters_stand(parcel):
    (hit,) = ofd.search(parcel(), "胸痛")
    ((x, y, width, height),) = hit.boxes
    assert (round(x, 2), round(width, 2)) == (18.0, 8.0)
    assert y < 24 < y + height
    assert hit.around == "主诉胸痛三天"


def test_full_width_case_and_blanks_make_no_difference(parcel):
    data = parcel()
    assert hits(data, "abc") == hits(data, "ＡＢＣ") == hits(data, "aＢc") == [(1, "ＡＢＣ")]
    assert hits(data, "出院 小结abc") == [(1, "出院小结ＡＢＣ")]


def test_text_of_templates_is_found_on_every_page(parcel):
    assert [page for page, _ in hits(parcel(), "第一人民")] == [0, 1]


def test_only_some_pages_and_so_many_hits(parcel):
    data = parcel()
    assert hits(data, "人民", pages=[1]) == [(1, "人民")]
    assert len(hits(data, "人民", most=1)) == 1


def test_several_words(parcel):
    assert {hit.word for hit in ofd.search(parcel(), ["胸痛", "小结", "没有"])} == {"胸痛", "小结"}


def test_columns_are_no_line(parcel):
    data = parcel(
        {PAGE: page_of(text_object(11, 10, 10, "血钾") + text_object(12, 60, 10, "偏高"))}
    )
    assert hits(data, "血钾偏高") == []
    assert hits(data, "偏高") == [(0, "偏高")]


def test_what_is_drawn_twice_to_look_bold_is_one_hit(parcel):
    twice = text_object(11, 10, 10, "危急值") + text_object(12, 10.1, 10, "危急值")
    assert hits(parcel({PAGE: page_of(twice)}), "危急值") == [(0, "危急值")]


def test_escaped_characters_and_references(parcel):
    content = page_of(text_object(11, 10, 10, "a<b&c")).replace("b&amp;", "&#98;&amp;")
    assert hits(parcel({PAGE: content}), "A<B&C") == [(0, "a<b&c")]
    content = content.replace("a&lt;", "&#x80ba;&#28814;&lt;")
    assert hits(parcel({PAGE: content}), "肺炎<b") == [(0, "肺炎<b")]


def test_other_encodings_are_parsed(parcel):
    content = '<?xml version="1.0" encoding="GBK"?>' + page_of(text_object(11, 10, 10, "肺炎"))
    assert hits(parcel({PAGE: content.encode("gbk")}), "肺炎") == [(0, "肺炎")]
    undeclared = content.partition("?>")[2].encode("gbk")
    assert hits(parcel({PAGE: undeclared}), "肺炎") == [(0, "肺炎")]
    assert [page for page, _ in hits(parcel({"Doc_0/Tpls/T.xml": undeclared}), "肺炎")] == [0, 1]
    assert hits(parcel({PAGE: content.replace("GBK", "UTF-16").encode("utf-16")}), "肺炎") == [
        (0, "肺炎")
    ]


def test_composites_and_annotations(parcel):
    unit = (
        '<ofd:CompositeGraphicUnits><ofd:CompositeGraphicUnit ID="40" Width="9" Height="9">'
        f"<ofd:Content>{text_object(41, 1, 1, '骨折')}</ofd:Content></ofd:CompositeGraphicUnit>"
        "</ofd:CompositeGraphicUnits></ofd:Res>"
    )
    use = '<ofd:CompositeObject ID="12" Boundary="20 30 20 20" ResourceID="40"/>'
    note = (
        f'<ofd:PageAnnot {NS}><ofd:Annot ID="50" Type="Stamp" Creator="x" LastModDate="2026-01-01">'
        f'<ofd:Appearance Boundary="5 40 50 10">{text_object(51, 1, 1, "已复核")}</ofd:Appearance>'
        "</ofd:Annot></ofd:PageAnnot>"
    )
    data = parcel({
        PAGE: page_of(use),
        "Doc_0/PublicRes.xml": ("</ofd:Res>", unit),
        "Doc_0/Document.xml": ("</ofd:Pages>", "</ofd:Pages><ofd:Annotations>A.xml</ofd:Annotations>"),
        "Doc_0/A.xml": f'<ofd:Annotations {NS}><ofd:Page PageID="1"><ofd:FileLoc>N.xml</ofd:FileLoc>'
        "</ofd:Page></ofd:Annotations>",
        "Doc_0/N.xml": note,
    })  # fmt: skip
    (bone,) = ofd.search(data, "骨折")
    assert (round(bone.boxes[0][0], 2), bone.boxes[0][1] > 30) == (21.0, True)
    (checked,) = ofd.search(data, "已复核")
    assert round(checked.boxes[0][0], 2) == 6.0


def test_turned_and_vertical_text(parcel):
    turned = text_object(11, 50, 10, "左上", extra=' CTM="0 1 -1 0 0 0"')
    upright = (
        '<ofd:TextObject ID="12" Boundary="5 5 9 50" Font="4" Size="4"><ofd:TextCode X="0" Y="4" '
        'DeltaY="g 3 4">竖排文字</ofd:TextCode></ofd:TextObject>'
    )
    data = parcel({PAGE: page_of(turned + upright)})
    assert hits(data, "左上") == [(0, "左上")]
    (hit,) = ofd.search(data, "竖排文字")
    assert len(hit.boxes) == 4


@pytest.mark.parametrize("word", ["", "  ", "\t"])
def test_nothing_cannot_be_looked_for(parcel, word):
    with pytest.raises(Malformed):
        ofd.search(parcel(), word)


def test_searching_is_bounded(parcel):
    with pytest.raises(TooLarge):
        ofd.search(parcel(), "长" * 201)
    with pytest.raises(TooLarge):
        ofd.search(parcel(), ["词"] * 51)


def test_a_broken_template_hinders_no_page(parcel):
    assert hits(parcel({"Doc_0/Tpls/T.xml": "<broken"}), "小结") == [(1, "小结")]


def test_broken_pages_are_told_and_the_others_searched(parcel):
    package = ofd.open_package(parcel({PAGE: "<ofd:Page"}))
    assert hits(package, "出院小结") == [(1, "出院小结")]
    assert hits(package, "page") == []
    assert {one.code for one in package.notices} == {"part.unreadable"}


@settings(max_examples=60, deadline=None)
@given(
    text=st.text("患者胸痛ａｂＡ１（", min_size=1, max_size=12),
    cuts=st.lists(st.integers(1, 11), max_size=4),
    word=st.text("患者胸痛abＡ1(", min_size=1, max_size=3),
)
def test_cuts_into_objects_hide_no_word(parcel, text, cuts, word):
    pieces, at = [], 0
    for cut in sorted({*cuts, len(text)}):
        if at < cut <= len(text):
            pieces.append((at, text[at:cut]))
            at = cut
    objects = "".join(
        text_object(11 + n, 5 + 4 * start, 10, piece) for n, (start, piece) in enumerate(pieces)
    )
    data = parcel({PAGE: page_of(objects)})
    whole = parcel({PAGE: page_of(text_object(11, 5, 10, text))})
    assert len(hits(data, word)) == len(hits(whole, word))
    folded, wanted = rows.fold(text)[0], rows.fold(word)[0]
    assert bool(hits(whole, word, pages=[0])) == (wanted in folded)


@settings(max_examples=200, deadline=None)
@given(st.text(min_size=1, max_size=8), st.text(min_size=1, max_size=30))
def test_bytes_never_rule_out_a_page_that_has_the_word(word, before):
    text = before + word
    folded = rows.fold(word)[0]
    if not folded.strip():
        return
    (asked,) = searching._asked([word])
    if folded in rows.fold(text)[0]:
        content = text.encode("utf-8", "surrogatepass")
        assert all(searching._any(forms, content) for forms in asked.needed)


def test_a_word_over_the_end_of_a_line():
    text = "患者既往有原发性高血压病史十年规律服用药物控制尚可无糖尿病史否认肝炎结核等传染病史" * 3
    data = ofd.write(ofd.Story("病历", [ofd.Paragraph(text)], ofd.Metadata()))
    whole = ofd.text(data)[0]
    ends = [at for at, char in enumerate(whole) if char == "\n" and at > 20]
    word = whole[ends[0] - 2 : ends[0] + 3].replace("\n", "")
    found = [hit for hit in ofd.search(data, word) if len(hit.boxes) == 2]
    assert found
    (first, second), *_ = (hit.boxes for hit in found)
    assert first[0] > second[0]
    assert second[1] > first[1]


def test_cells_and_ended_lines_do_not_go_on(parcel):
    rows = text_object(11, 10, 10, "血钾") + text_object(12, 10, 16, "血钠")
    assert hits(parcel({PAGE: page_of(rows)}), "钾血") == []
    ended = text_object(11, 10, 10, "患者一般情况好。") + text_object(
        12, 10, 16, "明日可以出院了吧"
    )
    assert hits(parcel({PAGE: page_of(ended)}), "好。明日") == []
    going = ended.replace("。", "，")
    assert hits(parcel({PAGE: page_of(going)}), "好，明日") == [(0, "好，明日")]
    english = text_object(11, 10, 10, "the patient has", 2) + text_object(
        12, 10, 13, "fever today", 2
    )
    assert hits(parcel({PAGE: page_of(english)}), "has fever") == [(0, "has fever")]


def test_crowded_and_nested_pages_end_soon(parcel):
    crowd = page_of(
        text_object(11, 10, 10, "".join(chr(0x4E00 + n * 7919 % 20_000) for n in range(600_000)))
    )
    package = ofd.open_package(parcel({PAGE: crowd}))
    assert hits(package, "字") == []
    assert {one.code for one in package.notices} == {"part.unreadable"}
    inner = "".join(
        f'<ofd:CompositeObject ID="{n}" Boundary="0 0 9 9" ResourceID="40"/>' for n in range(50, 70)
    )
    unit = (
        '<ofd:CompositeGraphicUnits><ofd:CompositeGraphicUnit ID="40" Width="9" Height="9">'
        f"<ofd:Content>{inner}</ofd:Content></ofd:CompositeGraphicUnit></ofd:CompositeGraphicUnits></ofd:Res>"
    )
    use = '<ofd:CompositeObject ID="12" Boundary="20 30 20 20" ResourceID="40"/>'
    package = ofd.open_package(
        parcel({PAGE: page_of(use), "Doc_0/PublicRes.xml": ("</ofd:Res>", unit)})
    )
    assert hits(package, "obj") == []
    assert {one.code for one in package.notices} == {"group.too-many"}
