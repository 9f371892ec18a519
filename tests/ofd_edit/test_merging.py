"""Merging and splitting: texts, references, sharing, what travels and what does not."""

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from openrhip.formats import ofd
from openrhip.formats.ofd import edit
from openrhip.formats.ofd.package_append import Container
from openrhip.kernel.errors import Malformed, NotFound, Problem, Refused

_NS = "{http://www.ofdspec.org/2016}"


def _merged(*parts, **how):
    return edit.merge([edit.Part(*part) for part in parts], **how)


def _codes(made):
    return {notice.code for notice in made.notices}


def test_pages_of_several_files_stand_one_behind_the_other(first, second):
    made = _merged((first,), (second, [1, 0]))
    assert ofd.text(made.data) == [*ofd.text(first), *reversed(ofd.text(second))]


def test_ids_are_unique_and_every_reference_leads_somewhere(first, second):
    package = ofd.open_package(_merged((first,), (second,), (first, [0])).data)
    ids, references = [], []
    for name in package.parts:
        if not name.endswith(".xml") or "Attachs" in name:
            continue
        for item in package.xml(name).iter("*"):
            if (key := item.get("ID", "")).isdigit():
                ids.append(key)
            references += [item.get(n) for n in ("Font", "PageID", "PageRef") if item.get(n)]
            if item.tag == f"{_NS}ObjectRef":
                references.append(item.text)
    assert len(ids) == len(set(ids))
    assert set(references) <= set(ids)
    last = package.xml("Doc_0/Document.xml").find(f".//{_NS}MaxUnitID").text
    assert max(map(int, ids)) <= int(last)


def test_equal_fonts_are_kept_once(first):
    alone = ofd.open_package(first)
    made = ofd.open_package(_merged(*[(first,)] * 5).data)
    fonts = [name for name in made.parts if "/Res/" in name]
    assert len(fonts) == len([name for name in alone.parts if "/Res/" in name])
    assert len(made.pages) == 15


def test_outline_keeps_its_targets(first, second):
    made = _merged((first,), (second, [1]), options=edit.Options(titles=True))
    assert [(e.title, e.page, [(b.title, b.page) for b in e.below]) for e in edit.outline(made.data)] == [
        ("甲", 0, [("甲1", 0), ("甲2", 1), ("甲3", 2)]),
        ("乙", 3, [("乙2", 3)]),
    ]  # fmt: skip
    assert "action.dropped" in _codes(made)


def test_tags_point_at_the_same_text(first, second):
    made = _merged((second,), (first, [1]))
    found = [(region.name, region.text, region.page) for region in ofd.regions(made.data)]
    assert found == [
        ("T1", "第二份第一页", 0),
        ("T2", "第二份第二页", 1),
        ("T2", "第一份第二页 two", 2),
    ]


def test_attachments_travel_and_equal_ones_once(first, second):
    package = ofd.open_package(_merged((first,), (second,), (first,)).data)
    assert [package.read(item.part) for item in package.attachments()] == [b"<a/>", b"<b/>"]
    assert len({item.id for item in package.attachments()}) == 2
    without = _merged((first,), options=edit.Options(attachments=False))
    assert ofd.open_package(without.data).attachments() == ()


def test_metadata_are_those_of_the_first_and_said_so(first, second):
    made = _merged((first,), (second,), options=edit.Options(title="合集"))
    assert ofd.open_package(made.data).metadata["Title"] == "合集"
    assert "metadata.first" in _codes(made)


def test_annotations_travel_with_their_page(first, second):
    noted = edit.annotate(second, [edit.Annotation("highlight", 1, (10, 10, 20, 5), author="李")])
    package = ofd.open_package(_merged((first, [0]), (noted,)).data)
    listed = package.xml("Doc_0/Annotations.xml")
    assert [item.get("PageID") for item in listed] == [package.pages[2].id]


def test_the_same_gives_the_same_bytes(first, second):
    assert _merged((first,), (second,)).data == _merged((first,), (second,)).data


def test_a_signed_file_is_taken_only_without_its_signatures(sealed_file):
    with pytest.raises(Refused, match="signed") as caught:
        _merged((sealed_file,))
    assert "--drop-signatures" in caught.value.remedy
    made = _merged((sealed_file,), drop_signatures=True)
    assert "signatures.dropped" in _codes(made)
    assert not ofd.open_package(made.data).documents[0].signatures


def test_no_page_and_no_file():
    with pytest.raises(Malformed):
        edit.merge([])


def test_a_page_that_is_not_there(first):
    with pytest.raises(NotFound):
        _merged((first, [3]))


@pytest.mark.parametrize(
    ("text", "found"),
    [("1-3,2", [0, 1, 2, 1]), ("3-1", [2, 1, 0]), ("2-", [1, 2]), ("-2", [0, 1]), ("2", [1])],
)
def test_ranges(text, found):
    assert edit.page_ranges(text, 3) == found


@pytest.mark.parametrize("text", ["", "a", "1;2", "-", "1--2", "1-2-3"])
def test_ranges_that_are_none(text):
    with pytest.raises(Malformed):
        edit.page_ranges(text, 3)


@pytest.mark.parametrize("text", ["4", "0", "1-9"])
def test_ranges_beyond_the_document(text):
    with pytest.raises(NotFound):
        edit.page_ranges(text, 3)


def test_split_parts_hold_only_what_they_use(first):
    parts = list(edit.split(first, edit.every(3, 1)))
    assert [ofd.text(part.data) for part in parts] == [[text] for text in ofd.text(first)]
    assert [len(ofd.open_package(part.data).attachments()) for part in parts] == [1, 0, 0]
    names = [{tag.name for tag in ofd.open_package(part.data).tags()} for part in parts]
    assert names == [{"T1"}, {"T2"}, {"T3"}]


@pytest.fixture(scope="module")
def corpus(first, second):
    return [first, second, _merged((second,), (first, [0])).data]


@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_any_choice_of_pages_keeps_its_texts(corpus, data):
    wanted, expected = [], []
    for _ in range(data.draw(st.integers(1, 4))):
        source = data.draw(st.sampled_from(corpus))
        texts = ofd.text(source)
        pages = data.draw(st.lists(st.integers(0, len(texts) - 1), min_size=1, max_size=4))
        wanted.append((source, pages))
        expected += [texts[page] for page in pages]
    made = _merged(*wanted)
    assert ofd.text(made.data) == expected
    size = data.draw(st.integers(1, len(expected)))
    parts = edit.split(made.data, edit.every(len(expected), size))
    again = _merged(*[(part.data,) for part in parts])
    assert ofd.text(again.data) == expected


def _package(pages, *, resources="", common="", document="", parts=None):
    """A package by hand: pages: their content as XML."""
    container = Container()
    ns = f'xmlns:ofd="{_NS[1:-1]}"'

    def add(name, text):
        container.deflate(name, f'<?xml version="1.0" encoding="UTF-8"?>{text}'.encode())

    add("OFD.xml", f'<ofd:OFD {ns} Version="1.0" DocType="OFD"><ofd:DocBody><ofd:DocInfo><ofd:DocID>1'
        "</ofd:DocID></ofd:DocInfo><ofd:DocRoot>Doc_0/Document.xml</ofd:DocRoot></ofd:DocBody></ofd:OFD>")  # fmt: skip
    listed = "".join(f'<ofd:Page ID="{at + 1}" BaseLoc="P{at}.xml"/>' for at in range(len(pages)))
    add("Doc_0/Document.xml", f"<ofd:Document {ns}><ofd:CommonData><ofd:MaxUnitID>99</ofd:MaxUnitID>"
        "<ofd:PageArea><ofd:PhysicalBox>0 0 50 40</ofd:PhysicalBox></ofd:PageArea>"
        f"<ofd:DocumentRes>Res.xml</ofd:DocumentRes>{common}</ofd:CommonData>"
        f"<ofd:Pages>{listed}</ofd:Pages>{document}</ofd:Document>")  # fmt: skip
    add("Doc_0/Res.xml", f'<ofd:Res {ns} BaseLoc="Res">{resources}</ofd:Res>')
    for at, content in enumerate(pages):
        add(f"Doc_0/P{at}.xml", f"<ofd:Page {ns}>{content}</ofd:Page>")
    for name, content in (parts or {}).items():
        container.deflate(name, content)
    return container.finish()


def _layer(objects):
    return f'<ofd:Content><ofd:Layer ID="20" Type="Body">{objects}</ofd:Layer></ofd:Content>'


def _path(number, more="", inner=""):
    return (f'<ofd:PathObject ID="{number}" Boundary="0 0 9 9" {more}>{inner}'
            "<ofd:AbbreviatedData>M 0 0 L 9 9</ofd:AbbreviatedData></ofd:PathObject>")  # fmt: skip


def _param(number, param):
    return _path(number, f'DrawParam="{param}"')


_PARAMS = (
    '<ofd:ColorSpaces><ofd:ColorSpace ID="30" Type="CMYK"/></ofd:ColorSpaces><ofd:DrawParams>'
    '<ofd:DrawParam ID="31" LineWidth="2"><ofd:StrokeColor Value="0 0 0 9" ColorSpace="30"/></ofd:DrawParam>'
    '<ofd:DrawParam ID="32" Relative="31"/><ofd:DrawParam ID="33" LineWidth="2">'
    '<ofd:StrokeColor Value="0 0 0 9" ColorSpace="30"/></ofd:DrawParam></ofd:DrawParams>'
    '<ofd:MultiMedias><ofd:MultiMedia ID="34" Type="Image"><ofd:MediaFile>a.png</ofd:MediaFile>'
    '</ofd:MultiMedia></ofd:MultiMedias><ofd:CompositeGraphicUnits><ofd:CompositeGraphicUnit ID="35" '
    'Width="9" Height="9"><ofd:Thumbnail>34</ofd:Thumbnail><ofd:Content>'
    f"{_param(36, 32)}</ofd:Content></ofd:CompositeGraphicUnit></ofd:CompositeGraphicUnits>"
)


def test_chains_of_resources_come_along_and_equal_ones_meet():
    objects = (f'{_param(21, 32)}{_param(22, 33)}'
               '<ofd:CompositeObject ID="23" Boundary="0 0 9 9" ResourceID="35"/>')  # fmt: skip
    data = _package([_layer(objects)], resources=_PARAMS, parts={"Doc_0/Res/a.png": b"\x89PNG"})
    package = ofd.open_package(_merged((data,), (data,)).data)
    public, document = package.xml("Doc_0/PublicRes.xml"), package.xml("Doc_0/DocumentRes.xml")
    params = {item.get("ID"): item for item in public.iter(f"{_NS}DrawParam")}
    assert len(params) == 2
    space = public.find(f".//{_NS}ColorSpace").get("ID")
    related = next(item for item in params.values() if item.get("Relative"))
    base = params[related.get("Relative")]
    assert base.find(f"{_NS}StrokeColor").get("ColorSpace") == space
    unit = document.find(f".//{_NS}CompositeGraphicUnit")
    assert unit.find(f"{_NS}Thumbnail").text == document.find(f".//{_NS}MultiMedia").get("ID")
    assert unit.find(f".//{_NS}PathObject").get("DrawParam") == related.get("ID")
    for page in package.pages:
        first_, second_, whole = package.xml(page.part).iter(
            f"{_NS}PathObject", f"{_NS}CompositeObject"
        )
        assert (first_.get("DrawParam"), second_.get("DrawParam")) == (
            related.get("ID"),
            base.get("ID"),
        )
        assert whole.get("ResourceID") == unit.get("ID")


def test_a_default_colour_space_is_written_out():
    colour = _path(21, inner='<ofd:StrokeColor Value="0 0 0 9"/>')
    data = _package([_layer(colour)], resources=_PARAMS, common="<ofd:DefaultCS>30</ofd:DefaultCS>")
    package = ofd.open_package(_merged((data,)).data)
    space = package.xml("Doc_0/PublicRes.xml").find(f".//{_NS}ColorSpace").get("ID")
    assert (
        package.xml(package.pages[0].part).find(f".//{_NS}StrokeColor").get("ColorSpace") == space
    )


def test_templates_are_shared_and_pages_keep_their_size():
    template = f'<ofd:Page xmlns:ofd="{_NS[1:-1]}">{_layer(_path(40))}</ofd:Page>'.encode()
    page = f'<ofd:Template TemplateID="9" ZOrder="Foreground"/>{_layer(_path(21))}'
    data = _package(
        [page, page],
        common='<ofd:TemplatePage ID="9" BaseLoc="T.xml"/>',
        parts={"Doc_0/T.xml": template},
    )
    package = ofd.open_package(_merged((data,), (data,)).data)
    root = package.xml("Doc_0/Document.xml")
    listed = root.findall(f".//{_NS}TemplatePage")
    assert len(listed) == 1
    for one in package.pages:
        tree = package.xml(one.part)
        assert tree[0].get("TemplateID") == listed[0].get("ID")
        assert [etree.QName(item).localname for item in tree] == ["Template", "Area", "Content"]
        assert package.page_box(one) == (0, 0, 50, 40)


def test_links_between_pages_follow_and_lost_ones_are_named():
    link = ('<ofd:Actions><ofd:Action Event="CLICK"><ofd:Goto><ofd:Dest Type="Fit" PageID="2"/></ofd:Goto>'
            "</ofd:Action></ofd:Actions>")  # fmt: skip
    named = ('<ofd:Actions><ofd:Action Event="CLICK"><ofd:Goto><ofd:Bookmark Name="b"/></ofd:Goto>'
             "</ofd:Action></ofd:Actions>")  # fmt: skip
    marks = '<ofd:Bookmarks><ofd:Bookmark Name="b"><ofd:Dest Type="Fit" PageID="2"/></ofd:Bookmark></ofd:Bookmarks>'
    data = _package(
        [_layer(_path(21, inner=link) + _path(22, inner=named)), _layer(_path(23))], document=marks
    )
    made = _merged((data,), (data,))
    package = ofd.open_package(made.data)
    third = package.xml(package.pages[2].part)
    assert third.find(f".//{_NS}Dest").get("PageID") == package.pages[3].id
    assert third.find(f".//{_NS}Bookmark").get("Name") == "b (2)"
    lost = _merged((data, [0]))
    assert "action.dropped" in _codes(lost)
    assert (
        ofd.open_package(lost.data).xml("Doc_0/Pages/Page_0/Content.xml").find(f".//{_NS}Actions")
        is None
    )


def test_missing_resources_are_named_and_stop_nothing():
    objects = f'{_param(21, 77)}<ofd:ImageObject ID="22" Boundary="0 0 1 1" ResourceID="78"/>'
    made = _merged((_package([_layer(objects)]),))
    assert "resource.missing" in _codes(made)


def test_units_that_hold_themselves_end():
    unit = (
        '<ofd:CompositeGraphicUnits><ofd:CompositeGraphicUnit ID="35" Width="9" Height="9"><ofd:Content>'
        '<ofd:CompositeObject ID="36" Boundary="0 0 9 9" ResourceID="35"/></ofd:Content>'
        "</ofd:CompositeGraphicUnit></ofd:CompositeGraphicUnits>"
    )
    objects = '<ofd:CompositeObject ID="23" Boundary="0 0 9 9" ResourceID="35"/>'
    assert "resource.missing" in _codes(_merged((_package([_layer(objects)], resources=unit),)))


def _two_in_one(first, second):
    """A package with two documents."""
    container = Container()
    bodies = []
    for number, data in enumerate((first, second)):
        package = ofd.open_package(data)
        entry = package.read("OFD.xml").decode()
        body = entry[entry.index("<ofd:DocBody>") : entry.index("</ofd:OFD>")]
        bodies.append(body.replace("Doc_0/", f"Doc_{number}/"))
        for name in package.parts:
            if name != "OFD.xml":
                container.copy(package, name, under=name.replace("Doc_0/", f"Doc_{number}/"))
    head = f'<ofd:OFD xmlns:ofd="{_NS[1:-1]}" Version="1.0" DocType="OFD">'
    container.deflate("OFD.xml", f"{head}{''.join(bodies)}</ofd:OFD>".encode())
    return container.finish()


def test_documents_within_one_file_come_in_their_order(first, second):
    both = _two_in_one(first, second)
    made = _merged((both,))
    assert ofd.text(made.data) == [*ofd.text(first), *ofd.text(second)]
    assert [region.text for region in ofd.regions(made.data)] == [
        region.text for region in (*ofd.regions(first), *ofd.regions(second))
    ]
    assert len(ofd.open_package(made.data).attachments()) == 2
    picked = _merged((both, [4, 0]))
    assert ofd.text(picked.data) == [ofd.text(second)[1], ofd.text(first)[0]]
    noted = edit.annotate(both, [edit.Annotation("highlight", 3, (1, 1, 9, 9))])
    assert "Doc_1/Annotations.xml" in ofd.open_package(noted).parts


def test_an_encrypted_file_is_refused():
    data = _package([_layer(_path(21))], parts={"Encryptions.xml": b"<a/>"})
    with pytest.raises(Refused, match="encrypted"):
        _merged((data,))


@settings(max_examples=40, deadline=None)
@given(place=st.integers(0, 6000), byte=st.integers(0, 255))
def test_damaged_files_end_in_problems(first, place, byte):
    damaged = bytearray(first)
    damaged[place % len(damaged)] = byte
    with contextlib.suppress(Problem):
        _merged((bytes(damaged),))
