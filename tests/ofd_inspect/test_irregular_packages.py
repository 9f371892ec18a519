"""What vendors write that the standard does not say: read, and told; refused where exactness counts."""

import codecs
import io
import os
import struct
import zipfile
from pathlib import Path

import pytest

from openrhip.formats import ofd
from openrhip.formats.gm.chain import TrustStore
from openrhip.formats.ofd import package_headers, package_xml
from openrhip.formats.ofd.notices import Notices
from openrhip.formats.ofd.package import Limits
from openrhip.formats.ofd.verify_reach import reach
from openrhip.kernel.errors import Malformed, NotFound, Problem, TooLarge

PAGE = "Doc_0/Pages/Page_0/Content.xml"
DOCUMENT = "Doc_0/Document.xml"
SHORT = "http://www.ofdspec.org"


def read(data, **options):
    """Package, and the text of its pages."""
    package = ofd.open_package(data, **options)
    return package, ofd.text(package)


def told(package):
    return {notice.code for notice in package.notices}


@pytest.mark.parametrize("prefix", ["ofd", "x", ""])
@pytest.mark.parametrize("ns", ["http://www.ofdspec.org/2016", SHORT])
def test_both_namespaces_and_any_prefix(parcel, ns, prefix):
    package, text = read(parcel(ns=ns, prefix=prefix))
    assert "主诉胸痛三天" in text[0]
    assert not package.notices


def test_no_namespace(parcel):
    assert "主诉胸痛三天" in read(parcel(ns="", prefix=""))[1][0]


def test_a_prefix_that_is_never_declared_is_told(parcel):
    data = parcel(ns="", prefix="ofd")
    package, text = read(data)
    assert "出院小结" in text[1]
    assert told(package) == {"xml.prefix"}
    with pytest.raises(Malformed, match="well-formed"):
        _ = ofd.open_package(data, exact=True).documents


@pytest.mark.parametrize(
    ("location", "odd"),
    [
        ("Pages/Page_0/Content.xml", False),
        ("/Doc_0/Pages/Page_0/Content.xml", False),
        ("Doc_0/Pages/Page_0/Content.xml", False),
        ("./Pages/./Page_0/Content.xml", False),
        ("Pages/../Pages/Page_0/Content.xml", False),
        ("pages/page_0/content.XML", True),
        ("Pages\\Page_0\\Content.xml", True),
        ("/Pages/Page_0/Content.xml", True),
        ("Pages/Page%5F0/Content.xml", True),
    ],
)
def test_locations_as_producers_write_them(parcel, location, odd):
    data = parcel({DOCUMENT: ("Pages/Page_0/Content.xml", location)})
    package, text = read(data)
    assert "入院诊断" in text[0].replace(" ", "")
    assert told(package) == ({"path.irregular"} if odd else set())
    if odd:
        with pytest.raises(Problem):
            _ = ofd.open_package(data, exact=True).pages


@pytest.mark.parametrize("location", ["http://x/Content.xml", "//h/Content.xml", "../../x.xml", ""])
def test_a_page_without_content_hinders_no_other(parcel, location):
    data = parcel({DOCUMENT: ("Pages/Page_0/Content.xml", location)})
    package = ofd.open_package(data)
    assert len(package.pages) == 2
    assert ofd.search(package, "出院小结")[0].page == 1
    with pytest.raises(NotFound):
        package.xml(package.pages[0].part)
    assert "part.unreadable" in told(package)


def test_a_location_that_two_parts_may_mean_is_not_guessed(parcel):
    package = ofd.open_package(parcel({"PAGES/Page_0/Content.xml": "<a/>"}))
    with pytest.raises(NotFound):
        package.resolve("pages/page_0/content.xml", base=DOCUMENT)


def zipped(parts, rename=None):
    """By Python's own writer; rename: raw bytes of names put in place of others of equal length."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in parts.items():
            made.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    data = out.getvalue()
    for old, new in (rename or {}).items():
        assert len(old) == len(new)
        data = data.replace(old, new)
    return data


def parts_of(data):
    package = ofd.open_package(data)
    return {name: package.read(name) for name in package.parts}


def test_names_with_backslashes(parcel):
    parts = parts_of(parcel())
    rename = {name.encode(): name.replace("/", "\\").encode() for name in parts if "/" in name}
    data = zipped(parts, rename)
    package, text = read(data)
    assert "出院小结" in text[1]
    assert told(package) == {"name.backslash"}
    with pytest.raises(Malformed, match="no path"):
        ofd.open_package(data, exact=True)


def test_the_entry_file_in_other_case(parcel):
    data = zipped(parts_of(parcel()), {b"OFD.xml": b"ofd.XML"})
    package, text = read(data)
    assert "出院小结" in text[1]
    assert told(package) == {"name.case"}
    assert "OFD.xml" in package.parts
    with pytest.raises(Malformed, match=r"no OFD\.xml"):
        ofd.open_package(data, exact=True)


@pytest.mark.parametrize("codec", ["gb18030", "utf-8"])
@pytest.mark.parametrize("flag", [True, False])
def test_chinese_names_in_either_encoding(parcel, codec, flag):
    name = "Doc_0/第一页.xml".encode(codec)
    parts = parts_of(parcel({DOCUMENT: ("Pages/Page_0/Content.xml", "第一页.xml")}))
    placeholder = ("Doc_0/" + "q" * (len(name) - 6)).encode()
    parts[placeholder.decode()] = parts.pop(PAGE)
    data = bytearray(zipped(parts, {placeholder: name}))
    if flag:
        at = 0
        while (at := data.find(name, at)) >= 0:
            head = at - 30 if data[at - 30 : at - 26] == b"PK\3\4" else at - 46
            place = head + (6 if head == at - 30 else 8)
            data[place + 1] |= 0x08
            at += 1
    package, text = read(bytes(data))
    assert "主诉胸痛三天" in text[0]
    odd = flag is (codec == "gb18030")
    assert told(package) == ({"name.encoding"} if odd else set())


@pytest.mark.parametrize(
    ("content", "encoded", "code"),
    [
        ("<a>中</a>", lambda t: codecs.BOM_UTF8 + t.encode(), None),
        ("<a>中</a>", lambda t: codecs.BOM_UTF16_LE + t.encode("utf-16-le"), "xml.encoding"),
        ("<a>中</a>", lambda t: codecs.BOM_UTF16_BE + t.encode("utf-16-be"), "xml.encoding"),
        ("<a>中</a>", lambda t: t.encode("utf-16-le"), "xml.encoding"),
        ('<?xml version="1.0" encoding="UTF-16"?><a>中</a>', lambda t: t.encode("utf-16"), "xml.encoding"),
        ('<?xml version="1.0" encoding="GBK"?><a>中</a>', lambda t: t.encode("gbk"), "xml.encoding"),
        ('<?xml version="1.0" encoding="CP936"?><a>中</a>', lambda t: t.encode("gbk"), "xml.encoding"),
        ('<?xml version="1.0" encoding="UTF-8"?><a>中</a>', lambda t: t.encode("gb18030"), "xml.encoding"),
        ('<?xml version="1.0" encoding="UTF-16"?><a>中</a>', str.encode, "xml.encoding"),
        ('<?xml version="1.0" encoding="GB2312"?><a>中</a>',
         lambda t: codecs.BOM_UTF8 + t.encode(), "xml.encoding"),
        ('\r\n <?xml version="1.0"?><a>中</a>', str.encode, "xml.start"),
        ('<?xml version="1.0" encoding="Big5"?><a>中</a>', lambda t: t.encode("big5"), "xml.encoding"),
    ],
)  # fmt: skip
def test_encodings_of_parts(content, encoded, code):
    notices = Notices()
    root = package_xml.parse(encoded(content), where="a.xml", limits=Limits(), notices=notices)
    assert root.text == "中"
    assert [notice.code for notice in notices] == ([code] if code else [])


@pytest.mark.parametrize(
    "data",
    [
        codecs.BOM_UTF32_LE + "<a/>".encode("utf-32-le"),
        codecs.BOM_UTF16_LE + b"<\0a\0/",
        "<!DOCTYPE a><a/>".encode("utf-16"),
        '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'.encode("utf-16-be"),
        b'<?xml version="1.0" encoding="gbk"?><a>\xff\xff</a>',
        "<a>\0</a>".encode("utf-16"),
        b'<?xml version="1.0" encoding="utf-7"?><a/>',
        b"<a>\xff\xff\xff</a>",
        b"<x:a><x:b></x:a>",
    ],
)
def test_what_is_no_safe_xml_is_refused(data):
    with pytest.raises(Malformed):
        package_xml.parse(data, where="a.xml", limits=Limits(), notices=Notices())


def test_exact_reading_takes_no_encoding_on_trust():
    for data in (
        "<a/>".encode("utf-16"),
        b"\n<?xml version='1.0'?><a/>",
        "<a>中</a>".encode("gbk"),
    ):
        with pytest.raises(Malformed):
            package_xml.parse(data, where="a.xml", limits=Limits())


def test_tags_without_a_proper_namespace_are_read(parcel):
    data = parcel({
        DOCUMENT: ("</ofd:Pages>", "</ofd:Pages><ofd:CustomTags>Tags.xml</ofd:CustomTags>"),
        "Doc_0/Tags.xml": '<ofd:CustomTags xmlns:ofd="http://www.ofdspec.org/2016"><ofd:CustomTag '
        'NameSpace="x"><ofd:FileLoc>Tag.xml</ofd:FileLoc></ofd:CustomTag></ofd:CustomTags>',
        "Doc_0/Tag.xml": '<:Invoice xmlns:=""><Buyer><ofd:ObjectRef PageRef="1">11</ofd:ObjectRef>'
        "</Buyer></:Invoice>",
    })  # fmt: skip
    package = ofd.open_package(data)
    assert [tag.name for tag in package.tags()] == ["Buyer"]
    assert told(package) == {"xml.prefix"}


def test_lists_that_cannot_be_read_are_told_and_hinder_nothing(parcel):
    data = parcel({
        DOCUMENT: (
            "</ofd:Pages>",
            ("</ofd:Pages><ofd:Annotations>A.xml</ofd:Annotations><ofd:CustomTags>T.xml"
            "</ofd:CustomTags><ofd:Attachments>B.xml</ofd:Attachments>"),
        ),
        "Doc_0/T.xml": "<broken",
    })  # fmt: skip
    package = ofd.open_package(data)
    assert (package.tags(), package.attachments()) == ((), ())
    assert told(package) == {"part.unreadable"}
    found = ofd.contents(package)
    assert found.documents[0].annotations == ()
    assert len({notice.text_en for notice in found.notices}) == 3
    exact = ofd.open_package(data, exact=True)
    with pytest.raises(Malformed):
        exact.tags()
    with pytest.raises(NotFound):
        exact.attachments()


def test_several_documents_of_which_one_is_broken(parcel):
    parts = parts_of(parcel())
    entry = parts["OFD.xml"].decode()
    body = entry[entry.index("<ofd:DocBody>") : entry.index("</ofd:OFD>")]
    two = {**parts, "OFD.xml": entry.replace(body, body + body)}
    assert len(ofd.open_package(zipped(two)).pages) == 4
    broken = {**parts, "OFD.xml": entry.replace(body, body.replace("Doc_0", "Doc_9") + body)}
    package = ofd.open_package(zipped(broken))
    assert len(package.documents) == 1
    assert told(package) == {"part.unreadable"}
    with pytest.raises(NotFound):
        _ = ofd.open_package(zipped(broken), exact=True).documents


def test_no_page_area_is_a4(parcel):
    data = parcel({
        DOCUMENT: (
            "<ofd:PageArea><ofd:PhysicalBox>0 0 100 60</ofd:PhysicalBox></ofd:PageArea>", "",
        )
    })  # fmt: skip
    package = ofd.open_package(data)
    assert package.page_box(package.pages[0]) == (0, 0, 210, 297)


def test_a_page_size_that_is_none_is_told(parcel):
    data = parcel(
        {
            PAGE: (
                "<ofd:Content>",
                "<ofd:Area><ofd:PhysicalBox>0 0 0 0</ofd:PhysicalBox></ofd:Area><ofd:Content>",
            )
        }
    )
    package = ofd.open_package(data)
    assert package.page_box(package.pages[0]) == (0, 0, 100, 60)
    assert told(package) == {"part.unreadable"}


def test_a_comment_at_the_end_and_data_descriptors(parcel):
    class Stream(io.RawIOBase):
        def __init__(self):
            self.got = bytearray()

        def writable(self):
            return True

        def write(self, data):
            self.got += data
            return len(data)

    stream = Stream()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in parts_of(parcel()).items():
            made.writestr(name, content)
        made.comment = b"made elsewhere"
    package, text = read(bytes(stream.got))
    assert "出院小结" in text[1]
    assert any(entry.flags & package_headers.DESCRIPTOR for entry in package.entries.values())


def test_leading_junk_is_refused(parcel):
    for junk in (b"\0", b"PK\3\4", b"\xef\xbb\xbf", b"junk" * 100):
        with pytest.raises(Malformed):
            ofd.open_package(junk + parcel())


def wide(data, *, count=None, offset=None, record=True):
    """The container with the end record of ZIP64; count and offset as told in the plain one."""
    end = data.rindex(b"PK\5\6")
    fields = list(package_headers.END.unpack_from(data, end))
    total, size, begin = fields[4:7]
    wide_end = struct.pack("<4sQ2H2I4Q", b"PK\6\6", 44, 45, 45, 0, 0, total, total, size, begin)
    locator = struct.pack("<4sIQI", b"PK\6\7", 0, end, 1)
    if count is not None:
        fields[3] = fields[4] = count
    if offset is not None:
        fields[6] = offset
    extra = wide_end + locator if record else b""
    return data[:end] + extra + package_headers.END.pack(*fields)


def test_zip64_containers(parcel):
    for data in (wide(parcel()), wide(parcel(), count=0xFFFF, offset=0xFFFFFFFF)):
        assert "出院小结" in read(data)[1][1]
        with pytest.raises(Malformed, match="ZIP64"):
            ofd.open_package(data, exact=True)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda data: wide(data, count=2), "differ"),
        (lambda data: wide(data, count=0xFFFF, record=False), "ZIP64"),
        (lambda data: wide(data, offset=0xFFFFFFFF, record=False), "ZIP64"),
        (lambda data: wide(data).replace(b"PK\6\6", b"PK\6\0"), "damaged"),
        (lambda data: wide(data).replace(b"PK\6\6\x2c", b"PK\6\6\x2d"), "damaged"),
        (lambda data: wide(b"x" + data), "before"),
    ],
)
def test_two_end_records_that_disagree_are_refused(parcel, change, words):
    with pytest.raises(Malformed, match=words):
        ofd.open_package(change(parcel()))


def with_wide_entry(sizes, places=(0xFFFFFFFF, 0xFFFFFFFF), extra=None):
    """One part whose directory entry has its sizes in a ZIP64 field."""
    content = b"<OFD/>"
    import zlib

    crc, name = zlib.crc32(content), b"OFD.xml"
    body = struct.pack("<QQ", *sizes) if extra is None else extra
    field = struct.pack("<HH", 1, len(body)) + body
    local = package_headers.LOCAL.pack(
        b"PK\3\4", 45, 0, 0, 0, 0x21, crc, 0xFFFFFFFF, 0xFFFFFFFF, len(name), 20
    )
    local += name + struct.pack("<HHQQ", 1, 16, len(content), len(content)) + content
    central = package_headers.CENTRAL.pack(
        b"PK\1\2", 45, 45, 0, 0, 0, 0x21, crc, *places, len(name), len(field), 0, 0, 0, 0, 0
    )
    central += name + field
    end = package_headers.END.pack(b"PK\5\6", 0, 0, 1, 1, len(central), len(local), 0)
    return local + central + end


def test_sizes_in_a_zip64_field():
    package = ofd.open_package(with_wide_entry((6, 6)))
    assert package.read("OFD.xml") == b"<OFD/>"
    for wrong in (
        with_wide_entry((7, 7)),
        with_wide_entry((6, 6), places=(6, 6)),
        with_wide_entry((6, 6), extra=b"1234"),
        with_wide_entry((1 << 40, 6)),
    ):
        with pytest.raises((Malformed, TooLarge)):
            ofd.open_package(wrong)


def test_verification_reads_exactly(parcel):
    """What a tolerant reader sees is never judged as if every reader saw it."""
    trust = TrustStore([])
    odd = parcel({DOCUMENT: ("Pages/Page_0/Content.xml", "pages\\page_0/Content.xml")})
    assert ofd.open_package(odd).pages[0].part == PAGE
    assert ofd.verify(odd, trust=trust).verdict == "invalid"
    assert ofd.verify(parcel(), trust=trust).verdict == "unsigned"
    with pytest.raises(Malformed, match="ZIP64"):
        ofd.verify(wide(parcel()), trust=trust)


def test_no_encoding_hides_a_location_from_verification(parcel):
    """Bytes tell verification that a page has no resources of its own: not in UTF-16."""
    package = ofd.open_package(parcel())
    text = package.read(PAGE).decode().replace("UTF-8", "UTF-16")
    text = text.replace(
        "<ofd:Content>", "<ofd:PageRes>/Doc_0/Signs/R.xml</ofd:PageRes><ofd:Content>"
    )
    data = parcel({PAGE: text.encode("utf-16"), "Doc_0/Signs/R.xml": "<ofd:Res/>"})
    findings = reach(ofd.open_package(data, exact=True), ["Doc_0/Signs/R.xml"])
    assert [one.where for one in findings if not one.ok] == [PAGE]


def test_a_file_is_opened_by_its_path(parcel, tmp_path):
    path = tmp_path / "a.ofd"
    path.write_bytes(parcel())
    assert "出院小结" in ofd.text(ofd.open_package(path))[1]
    (tmp_path / "empty.ofd").write_bytes(b"")
    with pytest.raises(Malformed):
        ofd.open_package(tmp_path / "empty.ofd")
    with pytest.raises(NotFound):
        ofd.open_package(tmp_path / "none.ofd")
    with pytest.raises(Malformed):
        ofd.open_package(tmp_path)


def test_a_file_cut_short_while_open_is_damaged(parcel, tmp_path):
    path = tmp_path / "a.ofd"
    path.write_bytes(parcel({"Doc_0/scan.bin": os.urandom(20_000)}))
    package = ofd.open_package(path)
    assert package.read(DOCUMENT)
    os.truncate(path, 10)
    with pytest.raises(Malformed):
        package.read("Doc_0/scan.bin")


def test_only_files_are_opened(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", Path("/dev/null")):
        with pytest.raises(Malformed):
            ofd.open_package(path)


def test_an_open_file_is_closed_with_its_package(parcel, tmp_path):
    path = tmp_path / "a.ofd"
    path.write_bytes(parcel())
    package = ofd.open_package(path)
    descriptor = package.data.descriptor
    assert os.fstat(descriptor).st_size == len(package.data) == len(bytes(package.data))
    del package
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(descriptor)


def test_an_oversized_directory_is_not_read(parcel):
    data = bytearray(parcel())
    end = data.rindex(b"PK\5\6")
    comment = struct.pack("<H", 60_000)
    at = data.index(b"PK\1\2")
    data[at + 32 : at + 34] = comment
    size, offset = struct.unpack_from("<II", data, end + 12)
    name = struct.unpack_from("<H", data, at + 28)[0]
    data[at + 46 + name : at + 46 + name] = bytes(60_000)
    struct.pack_into("<I", data, end + 60_000 + 12, size + 60_000)
    assert offset == at
    with pytest.raises(TooLarge, match="directory"):
        ofd.open_package(bytes(data))
