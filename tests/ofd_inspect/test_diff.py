"""Differences: by part, page, line, object and value; nothing where nothing changed."""

import io
import json
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from openrhip.formats import ofd
from openrhip.formats.gm import sm3
from openrhip.formats.ofd.inspect.comparing_pages import in_order
from openrhip.formats.ofd.inspect.picturing import picture
from openrhip.formats.ofd.package_append import rewrite

NS = 'xmlns:ofd="http://www.ofdspec.org/2016"'
PAGE = "Doc_0/Pages/Page_0/Content.xml"
SECOND = "Doc_0/Pages/Page_1/Content.xml"
DOCUMENT = "Doc_0/Document.xml"


def changed(parcel, changes):
    return ofd.compare(parcel(), parcel(changes))


def test_a_file_is_like_itself(parcel, own):
    for data in (parcel(), own):
        found = ofd.compare(data, data)
        assert found.same
        assert (found.parts, found.pages, found.values) == ((), (), ())
    assert ofd.compare(parcel(), parcel()).same_pages == 2


def test_another_compression_changes_nothing(parcel):
    import zipfile

    data = parcel()
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        for name in ofd.open_package(data).parts:
            made.writestr(zipfile.ZipInfo(name), ofd.open_package(data).read(name))
    assert ofd.compare(data, out.getvalue()).same


def test_a_line_of_text(parcel):
    found = changed(parcel, {PAGE: ("主诉胸痛三天", "主诉胸痛五天")})
    assert [(one.kind, one.part) for one in found.parts] == [("changed", PAGE)]
    (page,) = found.pages
    (text,) = page.texts
    assert (page.before, page.after, page.drawings) == (0, 0, ())
    assert (text.kind, text.before, text.after) == ("changed", "主诉胸痛三天", "主诉胸痛五天")
    assert tuple(map(round, text.box_after[:1])) == (10,)
    assert found.same_pages == 1


def test_lines_that_come_and_go(parcel):
    line = (
        '<ofd:TextObject ID="30" Boundary="10 40 60 6" Font="4" Size="4"><ofd:TextCode X="0" Y="4" '
        'DeltaX="g 3 4">新加一行</ofd:TextCode></ofd:TextObject></ofd:Layer>'
    )
    data = parcel({PAGE: ("</ofd:Layer>", line)})
    (page,) = ofd.compare(parcel(), data).pages
    assert [(one.kind, one.after) for one in page.texts] == [("added", "新加一行")]
    (page,) = ofd.compare(data, parcel()).pages
    assert [(one.kind, one.before, one.box_after) for one in page.texts] == [
        ("removed", "新加一行", None)
    ]


def forged(data, goal):
    """The data with four more bytes that give it the CRC-32 of the goal."""
    table = []
    for number in range(256):
        value = number
        for _ in range(8):
            value = value >> 1 ^ (0xEDB88320 if value & 1 else 0)
        table.append(value)
    high = {value >> 24: at for at, value in enumerate(table)}
    left, steps = zlib.crc32(goal) ^ 0xFFFFFFFF, []
    for _ in range(4):
        steps.insert(0, high[left >> 24])
        left = (left ^ table[steps[0]]) << 8 & 0xFFFFFFFF
    state, more = zlib.crc32(data) ^ 0xFFFFFFFF, bytearray()
    for step in steps:
        more.append((state ^ step) & 0xFF)
        state = table[step] ^ state >> 8
    return data + bytes(more)


def test_a_change_behind_an_equal_checksum_is_seen(parcel):
    one = b"dose 10 mg, four bytes"
    two = forged(b"dose 90 mg, four b", one)
    assert (zlib.crc32(one), len(one), one) == (zlib.crc32(two), len(two), one)
    part = "Doc_0/Res/a.png"
    found = ofd.compare(parcel({part: one}), parcel({part: two}))
    assert [change.part for change in found.parts] == [part]
    assert ofd.compare(parcel({part: one}), parcel({part: one})).same


def test_drawings_that_move_come_and_change(parcel):
    path = (
        '<ofd:PathObject ID="{id}" Boundary="{box}" LineWidth="{w}"><ofd:AbbreviatedData>M 0 0 L 9 9'
        "</ofd:AbbreviatedData></ofd:PathObject>"
    )

    def with_paths(*several):
        inner = "".join(path.format(id=i, box=b, w=w) for i, b, w in several)
        return parcel({PAGE: ("</ofd:Layer>", f"{inner}</ofd:Layer>")})

    before = with_paths((30, "1 1 9 9", 1), (31, "20 1 9 9", 1), (32, "40 1 9 9", 1))
    after = with_paths((30, "1 5 9 9", 1), (31, "20 1 9 9", 2), (33, "70 30 9 9", 1))
    (page,) = ofd.compare(before, after).pages
    assert {(one.kind, one.object, one.box_before, one.box_after) for one in page.drawings} == {
        ("moved", "PathObject", (1, 1, 9, 9), (1, 5, 9, 9)),
        ("changed", "PathObject", (20, 1, 9, 9), (20, 1, 9, 9)),
        ("removed", "PathObject", (40, 1, 9, 9), None),
        ("added", "PathObject", None, (70, 30, 9, 9)),
    }
    assert page.texts == ()


def test_new_numbers_for_the_same_things_change_no_page(parcel):
    renumbered = parcel({
        PAGE: ('Font="4"', 'Font="400"'),
        SECOND: ('Font="4"', 'Font="400"'),
        "Doc_0/Tpls/T.xml": ('Font="4"', 'Font="400"'),
        "Doc_0/PublicRes.xml": ('ID="4"', 'ID="400"'),
    })  # fmt: skip
    found = ofd.compare(parcel(), renumbered)
    assert len(found.parts) == 4
    assert (found.pages, found.same_pages) == ((), 2)


def test_a_page_changes_through_its_template_and_its_resources(parcel):
    found = changed(parcel, {"Doc_0/Tpls/T.xml": ("第一", "第二")})
    assert [(page.before, page.texts[0].after) for page in found.pages] == [
        (0, "江城市第二人民医院"),
        (1, "江城市第二人民医院"),
    ]
    empty = "<ofd:Page/>".replace("Page", f"Page {NS}").replace(
        "/>", '><ofd:Template TemplateID="3"/></ofd:Page>'
    )
    font = ("宋体", "楷体")
    one, two = (parcel({PAGE: empty, **more}) for more in ({}, {"Doc_0/PublicRes.xml": font}))
    assert [page.before for page in ofd.compare(one, two).pages] == [0, 1]
    found = changed(parcel, {"Doc_0/PublicRes.xml": font})
    assert [page.kind for page in found.pages] == ["changed", "changed"]
    assert {one.object for page in found.pages for one in page.drawings} == {"TextObject"}


def test_a_changed_picture_is_seen_where_it_stands(parcel):
    image = '<ofd:ImageObject ID="30" Boundary="1 1 9 9" ResourceID="40"/></ofd:Layer>'
    listed = (
        '<ofd:MultiMedias><ofd:MultiMedia ID="40" Type="Image"><ofd:MediaFile>a.png</ofd:MediaFile>'
        "</ofd:MultiMedia></ofd:MultiMedias></ofd:Res>"
    )
    base = {PAGE: ("</ofd:Layer>", image), "Doc_0/PublicRes.xml": ("</ofd:Res>", listed)}
    one, two = (parcel({**base, "Doc_0/Res/a.png": text}) for text in ("one", "two"))
    (page,) = ofd.compare(one, two).pages
    assert [(d.kind, d.object, d.box_after) for d in page.drawings] == [
        ("changed", "ImageObject", (1, 1, 9, 9))
    ]


def test_pages_added_removed_and_moved(parcel):
    one, two = (
        '<ofd:Page ID="1" BaseLoc="Pages/Page_0/Content.xml"/>',
        '<ofd:Page ID="2" BaseLoc="Pages/Page_1/Content.xml"/>',
    )
    only = parcel({DOCUMENT: (one, "")})
    assert [(p.kind, p.before, p.after) for p in ofd.compare(parcel(), only).pages] == [
        ("removed", 0, None)
    ]
    assert [(p.kind, p.before, p.after) for p in ofd.compare(only, parcel()).pages] == [
        ("added", None, 0)
    ]
    swapped = parcel({DOCUMENT: (one + two, two + one)})
    found = ofd.compare(parcel(), swapped)
    assert {p.kind for p in found.pages} == {"moved"}
    assert len(found.pages) == 1


def test_the_size_of_a_page(parcel):
    found = changed(parcel, {DOCUMENT: ("0 0 100 60", "0 0 100 80")})
    assert found.same_pages == 2  # the document's own part says it
    area = "<ofd:Area><ofd:PhysicalBox>0 0 50 50</ofd:PhysicalBox></ofd:Area><ofd:Content>"
    (page,) = changed(parcel, {PAGE: ("<ofd:Content>", area)}).pages
    assert page.size == ("100 x 60", "50 x 50")


def test_metadata_attachments_outline_notes_and_tags(parcel):
    def lists(title, note, file):
        return parcel({
            "OFD.xml": ("手工文件", title),
            DOCUMENT: (
                "</ofd:Pages>",
                (f'</ofd:Pages><ofd:Outlines><ofd:OutlineElem Title="{title}"/></ofd:Outlines>'
                "<ofd:Annotations>A.xml</ofd:Annotations><ofd:Attachments>L.xml</ofd:Attachments>"),
            ),
            "Doc_0/A.xml": f'<ofd:Annotations {NS}><ofd:Page PageID="1"><ofd:FileLoc>N.xml'
            "</ofd:FileLoc></ofd:Page></ofd:Annotations>",
            "Doc_0/N.xml": f'<ofd:PageAnnot {NS}><ofd:Annot ID="50" Type="Stamp" Creator="x" '
            f'LastModDate="2026-01-01"><ofd:Remark>{note}</ofd:Remark><ofd:Appearance/></ofd:Annot>'
            "</ofd:PageAnnot>",
            "Doc_0/L.xml": f'<ofd:Attachments {NS}><ofd:Attachment ID="a" Name="源.xml"><ofd:FileLoc>'
            "F.xml</ofd:FileLoc></ofd:Attachment></ofd:Attachments>",
            "Doc_0/F.xml": file,
        })  # fmt: skip

    found = ofd.compare(lists("甲", "初核", "<a/>"), lists("乙", "复核", "<b/>"))
    assert {(one.kind, one.of) for one in found.values} == {
        ("changed", "metadata"), ("changed", "outline"), ("changed", "note"),
        ("changed", "attachment"),
    }  # fmt: skip
    found = ofd.compare(parcel(), lists("甲", "初核", "<a/>"))
    assert {"outline", "note", "attachment"} <= {v.of for v in found.values if v.kind == "added"}


def signed_like(data, covered):
    """Parts of a signature as others list them; no value that could be verified."""
    package = ofd.open_package(data)
    lines = "".join(
        f'<ofd:Reference FileRef="/{name}"><ofd:CheckValue>{_encoded(package.read(name))}'
        "</ofd:CheckValue></ofd:Reference>"
        for name in covered
    )
    return rewrite(package, {
        "OFD.xml": package.read("OFD.xml").replace(
            b"</ofd:DocBody>", b"<ofd:Signatures>Doc_0/S/L.xml</ofd:Signatures></ofd:DocBody>"
        ),
        "Doc_0/S/L.xml": f'<ofd:Signatures {NS}><ofd:Signature ID="s1" Type="Sign" '
        'BaseLoc="S.xml"/></ofd:Signatures>'.encode(),
        "Doc_0/S/S.xml": f'<ofd:Signature {NS}><ofd:SignedInfo><ofd:Provider ProviderName="x"/>'
        f'<ofd:References CheckMethod="SM3">{lines}</ofd:References></ofd:SignedInfo>'
        "<ofd:SignedValue>V.dat</ofd:SignedValue></ofd:Signature>".encode(),
        "Doc_0/S/V.dat": b"x",
    })  # fmt: skip


def _encoded(data):
    import base64

    return base64.b64encode(sm3.digest(data)).decode()


def test_what_each_signature_covers(parcel):
    before = signed_like(parcel(), [PAGE, DOCUMENT])
    after = rewrite(ofd.open_package(before), {PAGE: ofd.open_package(before).read(SECOND)})
    one, two = ofd.compare(before, after).signatures
    assert (one.file, one.id, one.covered, one.changed) == ("before", "s1", 2, ())
    assert SECOND in one.uncovered
    assert (two.file, two.changed) == ("after", (PAGE,))


def test_broken_files_are_compared_as_far_as_they_go(parcel):
    found = changed(parcel, {PAGE: "<ofd:Page"})
    assert [one.part for one in found.parts] == [PAGE]
    assert [page.before for page in found.pages] == [0]
    found = ofd.compare(signed_like(parcel(), []), parcel())
    assert found.signatures[0].problem


def test_it_goes_into_json_with_pages_from_one(parcel):
    found = json.loads(json.dumps(changed(parcel, {SECOND: ("小结", "总结")}).as_dict()))
    assert (found["pages"][0]["before"], found["same"]) == (2, False)


def test_the_picture_frames_what_changed(parcel):
    before = ofd.open_package(parcel())
    after = ofd.open_package(parcel({PAGE: ("胸痛三天", "腹痛三天")}))
    found = ofd.compare(before, after)
    with Image.open(io.BytesIO(picture(before, after, found))) as image:
        image.load()
        assert image.width > 400
        colors = {color for _, color in image.getcolors(1 << 20)}
    assert any(r > 180 and max(g, b) < 120 for r, g, b in colors)
    assert any(g > r + 40 and g > b for r, g, b in colors)
    assert picture(before, before, ofd.compare(before, before)) == b""


@settings(max_examples=60, deadline=None)
@given(st.permutations(range(8)))
def test_the_longest_run_in_order(order):
    kept = in_order(order)
    places = [order.index(goal) for goal in sorted(kept)]
    assert places == sorted(places)
    longest = [1] * len(order)
    for at in range(len(order)):
        longest[at] = 1 + max((longest[b] for b in range(at) if order[b] < order[at]), default=0)
    assert len(kept) == max(longest)


@pytest.mark.parametrize("count", [3, 12])
def test_pages_that_were_all_set_anew_are_paired_by_their_words(count):
    def book(marks):
        blocks = []
        for mark in marks:
            blocks += [
                ofd.Paragraph(f"{mark}病程记录：体温正常，继续观察第{mark}日。"),
                ofd.PageBreak(),
            ]
        return ofd.write(ofd.Story("病程", blocks[:-1], ofd.Metadata()))

    marks = "甲乙丙丁戊己庚辛壬癸子丑"[:count]
    found = ofd.compare(book(marks), book("零" + marks))
    assert [(p.kind, p.after) for p in found.pages if p.kind == "added"] == [("added", 0)]
    assert {p.after - p.before for p in found.pages if p.before is not None} <= {1}


def test_pages_of_very_many_lines_and_objects_end_soon(parcel):
    """Each with each would take minutes."""
    import time

    def crowd(word, shift):
        texts = "".join(
            f'<ofd:TextObject ID="{n}" Boundary="{n % 100} {n + shift} 9 5" Font="4" Size="4">'
            f'<ofd:TextCode X="0" Y="4">{word}{n % 7}</ofd:TextCode></ofd:TextObject>'
            f'<ofd:PathObject ID="{n + 9000 + shift}" Boundary="{n} {n + 3 * shift} 9 9">'
            f"<ofd:AbbreviatedData>M {n} {shift}</ofd:AbbreviatedData></ofd:PathObject>"
            for n in range(2000)
        )
        return parcel({PAGE: f'<ofd:Page {NS}><ofd:Content><ofd:Layer ID="10">{texts}</ofd:Layer>'
                             "</ofd:Content></ofd:Page>"})  # fmt: skip

    started = time.process_time()
    (page,) = ofd.compare(crowd("甲", 0), crowd("乙", 1)).pages
    assert page.texts
    assert len(page.drawings) > 2000
    assert time.process_time() - started < 10
