"""OFD-A: every rule broken once by a hand-made package, and mended by the conversion."""

import io

import pytest
import uharfbuzz as hb
from PIL import Image, ImageChops, ImageStat

from openrhip.formats import ofd
from openrhip.formats.gm import sm3
from openrhip.formats.ofd import fonts, render
from openrhip.formats.ofd.profiles import PROFILES, gmt0099, ofd_a, profile
from openrhip.formats.ofd.profiles.ofd_a import sfnt, table
from openrhip.formats.ofd.render import faces_cff, faces_sfnt
from openrhip.kernel.errors import NotFound, Refused

NOT_MENDED = {
    "single-document": "asks which one",
    "encryption": "asks how to decrypt",
    "colour-spaces": "colours would change",
    "text-size": "no size is known",
    "video-objects": "shows nothing that could be drawn",
    "tags": "what they said is lost",
}
"""Rules that a conversion leaves broken, and why; it says so."""
ADVICE = {"metadata", "scanned-text", "colour-profiles"}


RULES = sorted(rule.code.removeprefix("ofd-a.") for rule in table.RULES)
BREAKABLE = [name for name in RULES if name not in ADVICE]


@pytest.fixture
def broken(packed, archive):
    """A function: the package with one rule broken."""

    def make(name):
        found = archive.parts()
        return packed(found | archive.BROKEN[name](found))

    return make


def test_the_plain_package_keeps_every_rule(packed, archive, failures):
    findings = ofd_a.check(ofd.open_package(packed(archive.parts())))
    assert not failures(findings)
    assert len(findings) == len(table.RULES) >= 28
    assert all(one.text_zh.startswith("GB/T 42133-2022 6.") for one in findings)
    assert len({one.code for one in findings}) == len(findings)


def test_every_rule_is_broken_here(archive):
    assert set(RULES) == {*archive.BROKEN, *ADVICE}


@pytest.mark.parametrize("name", BREAKABLE)
def test_each_rule_is_found_broken(broken, failures, name):
    findings = ofd_a.check(ofd.open_package(broken(name)))
    found = failures(findings)
    allowed = {"tags": {"external"}, "fonts-embedded": {"unrelated"}}.get(name, set())
    assert found == {f"ofd-a.{one}" for one in {name, *allowed}}
    line = next(one for one in findings if one.code == f"ofd-a.{name}")
    assert line.where
    assert "处理：" in line.text_zh
    assert "do: " in line.text_en


@pytest.mark.parametrize("name", [one for one in BREAKABLE if one not in NOT_MENDED])
def test_each_rule_is_mended(broken, name):
    data = broken(name)
    made = ofd_a.convert(data)
    assert made.ok, [one.text_en for one in made.findings if not one.ok]
    assert name == "unrelated" or any(one.rule == f"ofd-a.{name}" for one in made.report)
    assert ofd.text(made.data) == ofd.text(data)
    again = ofd_a.convert(made.data)
    assert again.ok


@pytest.mark.parametrize("name", ["colour-spaces", "text-size", "video-objects", "tags"])
def test_what_cannot_be_mended_is_told(broken, failures, name):
    made = ofd_a.convert(broken(name))
    assert f"ofd-a.{name}" in failures(made.findings)
    assert not made.ok


def test_several_documents_and_encryption_are_refused(broken):
    with pytest.raises(Refused, match="2 documents"):
        ofd_a.convert(broken("single-document"))
    assert ofd_a.convert(broken("single-document"), document=0).ok
    with pytest.raises(Refused, match="encrypted"):
        ofd_a.convert(broken("encryption"))


def test_advice_is_told_and_never_fails(packed, archive, failures):
    found = archive.parts() | {"OFD.xml": archive.OFD.replace("题名", "x")}
    found["Doc_0/PublicRes.xml"] = archive.PUBLIC.replace(
        "<ofd:Fonts>", archive.SPACE.format("RGB") + "<ofd:Fonts>"
    )
    found[archive.PAGE_PART] = archive.PAGE.replace(archive.TEXT, "")
    findings = ofd_a.check(ofd.open_package(packed(found)))
    assert not failures(findings)
    told = {one.code.removeprefix("ofd-a.") for one in findings if "（建议项）" in one.text_zh}
    assert told == ADVICE


def test_profiles_by_name():
    assert set(PROFILES) == {"ofd-a", "ofd-h"}
    assert profile("OFD-A").name == "ofd-a"
    with pytest.raises(NotFound, match="no such profile"):
        profile("ofd-x")


def test_a_lost_font_is_replaced_with_a_word(packed, archive):
    data = packed(archive.parts() | {
        "Doc_0/PublicRes.xml": archive.PUBLIC.replace("<ofd:FontFile>font.otf</ofd:FontFile>", "").replace(
            "Noto Serif SC", "黑体"),
        archive.PAGE_PART: archive.PAGE.replace("<ofd:TextCode", '<ofd:CGTransform CodePosition="0" CodeCount="1">'
            "<ofd:Glyphs>7</ofd:Glyphs></ofd:CGTransform><ofd:TextCode").replace("病历二三", "病历二\u0bcb"),
    })  # fmt: skip
    made = ofd_a.convert(data)
    assert made.ok
    assert any("黑体" in one.zh and "Noto Sans" in one.zh for one in made.report)
    assert any("U+0BCB" in one.en and not one.done for one in made.report)
    page = ofd.open_package(made.data).read(archive.PAGE_PART)
    assert b"CGTransform" not in page


def test_scaled_text_stands_where_it_stood(broken, archive):
    made = ofd_a.convert(broken("text-scale"))
    page = ofd.open_package(made.data).read(archive.PAGE_PART).decode()
    assert 'HScale="0.5"' in page
    assert 'DeltaX="2 g 2 2"' in page
    assert "CTM" not in page.partition("TextCode")[0]


def test_a_jump_of_an_object_becomes_a_link(broken):
    made = ofd_a.convert(broken("object-actions"))
    note = ofd.open_package(made.data).read("Doc_0/Annots/Annot_0.xml").decode()
    assert 'Type="Link"' in note
    assert 'PageID="1"' in note
    assert "URI" not in note


def test_a_font_without_outlines_is_no_font(archive):
    assert sfnt.lacking(archive.parts()["Doc_0/Res/font.otf"]) == ()
    assert set(sfnt.lacking(archive.without_tables("CFF ", "cmap"))) == {"glyf", "loca", "cmap"}


def test_signatures_become_notes_with_their_facts(sealed, keys):
    made = ofd_a.convert(sealed)
    assert made.ok
    package = ofd.open_package(made.data)
    assert not [name for name in package.parts if "/Signs/" in name]
    assert package.metadata["OriginalSM3"] == made.original == sm3.hexdigest(sealed)
    notes = [
        {item.get("Name"): item.text for item in note.iter("{*}Parameter")}
        for part in package.parts
        if "/Annots/" in part
        for note in package.xml(part).iter("{*}Annot")
    ]
    signer, seal = sorted(notes, key=len)
    assert {signer["签名人"], seal["签名人"]} == {
        keys.doctor.certificate.common_name,
        keys.hospital.certificate.common_name,
    }
    for note in notes:
        assert note["签名时间"] == "20261124080000Z"
        assert note["证书"]
        assert note["文档摘要值"]
        assert note["摘要值 /OFD.xml"]
    stamped = next(one for one in notes if "印章名称" in one)
    assert stamped["印章名称"] == "江城市第一人民医院"
    assert ofd.text(made.data) == ofd.text(sealed)
    assert len(ofd.stamps(ofd.open_package(sealed))) == 1
    shown = [one for part in package.parts if "/Annots/" in part
             for one in package.xml(part).iter("{*}ImageObject")]  # fmt: skip
    assert len(shown) == 1


def test_an_encrypted_record_is_archived_in_the_clear(sealed):
    password = "a long enough password"
    secret = gmt0099.encrypt(sealed, [gmt0099.PasswordRecipient(password)])
    holder = gmt0099.PasswordHolder(password)
    made = ofd_a.convert(secret, decrypt=lambda data: gmt0099.decrypt(data, holder).data)
    assert made.ok
    assert made.original == sm3.hexdigest(secret)
    assert any(one.rule == "ofd-a.encryption" for one in made.report)


def test_attachments_stay_by_name_and_others_leave_a_summary(packed, archive, broken):
    data = broken("attachments")
    made = ofd_a.convert(data)
    assert (
        ofd.open_package(made.data)
        .metadata["移出摘要 1"]
        .startswith("附件 table.xlsx xlsx 4 bytes SM3")
    )
    kept = ofd_a.convert(data, keep=["table.xlsx"])
    assert [one.name for one in ofd.open_package(kept.data).attachments()] == ["table.xlsx"]


def test_a_bare_font_whose_glyphs_are_named_by_cid(packed, archive):
    whole = archive.parts()
    table = faces_sfnt.tables(whole["Doc_0/Res/font.otf"])["CFF "]
    number = {glyph: cid for cid, glyph in faces_cff.cids(table).items()}
    glyphs = [number[fonts.glyph_in(whole["Doc_0/Res/font.otf"], char)] for char in "病历二三"]
    assert max(glyphs) > len(number)
    page = archive.PAGE.replace(
        "<ofd:TextCode",
        '<ofd:CGTransform CodePosition="0" CodeCount="4" GlyphCount="4"><ofd:Glyphs>'
        f"{' '.join(map(str, glyphs))}</ofd:Glyphs></ofd:CGTransform><ofd:TextCode",
    )
    data = packed(whole | {"Doc_0/Res/font.otf": table, archive.PAGE_PART: page})
    made = ofd_a.convert(data)
    assert made.ok
    assert any(one.rule == "ofd-a.font-tables" and one.done for one in made.report)
    before, after = (
        Image.open(io.BytesIO(render.to_png(one, dpi=80))).convert("L") for one in (data, made.data)
    )
    assert ImageStat.Stat(before.crop((20, 20, 240, 60))).mean[0] < 254  # there is text to see
    assert ImageStat.Stat(ImageChops.difference(before, after)).mean[0] < 0.05


@pytest.mark.parametrize(
    ("name", "wide"), [("SimSun", 0.5), ("仿宋_GB2312", 0.5), ("Arial", 0.608)]
)
def test_letters_of_a_replaced_font_are_as_wide_as_its_own(packed, archive, name, wide):
    listed = archive.PUBLIC.replace("<ofd:FontFile>font.otf</ofd:FontFile>", "")
    data = packed(archive.parts() | {
        "Doc_0/PublicRes.xml": listed.replace("Noto Serif SC", name),
        archive.PAGE_PART: archive.PAGE.replace("病历二三", "病历A三"),
    })  # fmt: skip
    made = ofd.open_package(ofd_a.convert(data).data)
    font = next(made.read(part) for part in made.parts if part.endswith("Font_10.otf"))
    shaper = hb.Font(hb.Face(font))
    assert shaper.get_glyph_h_advance(fonts.glyph_in(font, "A")) == pytest.approx(
        wide * shaper.face.upem, abs=1
    )
    assert shaper.get_glyph_h_advance(fonts.glyph_in(font, "病")) == shaper.face.upem
    assert sfnt.lacking(font) == ()


def test_old_versions_stay_whole(packed, archive):
    whole = archive.parts()
    whole["OFD.xml"] = archive.OFD.replace(
        "</ofd:DocRoot>",
        '</ofd:DocRoot><ofd:Versions><ofd:Version ID="v1" Index="1" BaseLoc="Doc_0/V1.xml"/>'
        "</ofd:Versions>",
    )
    whole["Doc_0/V1.xml"] = archive.element(
        "DocVersion",
        '<ofd:FileList><ofd:File ID="f1">Document_1.xml</ofd:File></ofd:FileList>'
        "<ofd:DocRoot>Document_1.xml</ofd:DocRoot>",
        ' ID="v1"',
    )
    whole["Doc_0/Document_1.xml"] = archive.DOCUMENT
    made = ofd_a.convert(packed(whole))
    assert made.ok
    package = ofd.open_package(made.data)
    assert {"Doc_0/V1.xml", "Doc_0/Document_1.xml"} <= set(package.parts)
    assert package.read("Doc_0/Res/font.otf") == whole["Doc_0/Res/font.otf"]
    without = ofd_a.convert(packed(whole | {"OFD.xml": archive.OFD}))
    assert "Doc_0/V1.xml" not in ofd.open_package(without.data)
