"""Signing and sealing: what is written, and that it holds."""

import io
from datetime import timedelta

import pytest
from PIL import Image

from openrhip.formats import ofd
from openrhip.formats.ofd import signing_records as records
from openrhip.formats.ofd.seals import Seal
from openrhip.kernel import clock
from openrhip.kernel.errors import Conflict, NotFound, Refused

LIST = "Doc_0/Signs/Signatures.xml"


def record_of(data, number):
    package = ofd.open_package(data)
    return records.read_record(package, records.listed(package)[number])


def test_a_signed_and_sealed_document_is_valid(signed, region):
    report = ofd.verify(signed, trust=region.trust)
    assert report.verdict == "valid"
    assert all(finding.ok for finding in report.all_findings())
    first, second = report.signatures
    assert (first.kind, first.signer, first.timestamped) == ("Sign", "张三", True)
    assert (second.kind, second.organization) == ("Seal", "江城市第一人民医院")
    assert second.seal == "江城市第一人民医院"
    assert second.time == clock.now()


def test_the_report_leaves_as_json_with_both_languages(signed, region):
    found = ofd.verify(signed, trust=region.trust).as_dict()
    assert (found["ok"], found["verdict"], len(found["signatures"])) == (True, "valid", 2)
    assert all(one["zh"] and one["en"] and one["code"] for one in found["findings"])


def test_every_part_but_its_own_two_and_the_list_is_protected(signed):
    package = ofd.open_package(signed)
    record = record_of(signed, 1)
    assert set(package.parts) - record.covered == {record.part, record.value_part, LIST}


def test_a_later_signature_protects_the_earlier_one(signed):
    first = record_of(signed, 0)
    assert {first.part, first.value_part} <= record_of(signed, 1).covered


def test_unchanged_parts_keep_their_compressed_bytes(plain, signed):
    before, after = ofd.open_package(plain), ofd.open_package(signed)
    for name, entry in before.entries.items():
        if name != "OFD.xml":
            kept = after.entries[name]
            assert (
                plain[entry.start : entry.start + entry.packed]
                == signed[kept.start : kept.start + kept.packed]
            )


def test_three_signatures_in_order_all_hold(signed, region):
    third = ofd.sign(signed, signer=region.doctor, timestamper=region.stamper)
    report = ofd.verify(third, trust=region.trust)
    assert report.verdict == "valid"
    assert [one.id for one in report.signatures] == ["s001", "s002", "s003"]


def test_a_lock_ends_signing(plain, region):
    locked = ofd.seal(plain, seal=region.seal, signer=region.hospital, lock=True)
    assert LIST in record_of(locked, 0).covered
    assert ofd.verify(locked, trust=region.trust).ok
    with pytest.raises(Conflict, match="locked"):
        ofd.sign(locked, signer=region.doctor)


def test_without_timestamp_the_time_is_claimed(plain, region):
    report = ofd.verify(ofd.sign(plain, signer=region.doctor), trust=region.trust)
    assert report.ok
    assert not report.signatures[0].timestamped
    assert "timestamp.absent" in {finding.code for finding in report.signatures[0].findings}


def test_the_reason_stands_in_the_signature(signed):
    assert record_of(signed, 0).parameters[records.REASON] == "作者签名"


def test_the_seal_is_centred_on_its_anchor(signed):
    package = ofd.open_package(signed)
    tag = next(tag for tag in package.tags() if tag.name == "anchor:seal")
    _, (x, y, width, height) = package.find_object(*tag.objects[0])
    ((page, box, picture),) = ofd.stamps(package)
    assert page == 0
    assert (box[2], box[3]) == (42, 42)
    assert box[0] + 21 == pytest.approx(x + width / 2, abs=0.01)
    assert box[1] + 21 == pytest.approx(y + height / 2, abs=0.01)
    assert picture.startswith(b"\x89PNG")


def test_placements_win_over_anchors(plain, region):
    places = [ofd.Placement(0, 10, 20), ofd.Placement(0, 100, 20, 30, 30)]
    sealed = ofd.seal(plain, seal=region.seal, signer=region.hospital, placements=places)
    boxes = [box for _, box, _ in ofd.stamps(ofd.open_package(sealed))]
    assert boxes == [(10, 20, 42, 42), (100, 20, 30, 30)]


def test_unknown_places_are_refused(plain, region):
    with pytest.raises(NotFound, match="anchor"):
        ofd.seal(plain, seal=region.seal, signer=region.hospital, anchor="nowhere")
    with pytest.raises(NotFound, match="page"):
        ofd.seal(
            plain, seal=region.seal, signer=region.hospital, placements=[ofd.Placement(7, 0, 0)]
        )


def test_a_document_without_anchor_is_sealed_on_its_last_page(region):
    bare = ofd.write(
        ofd.Story(title="t", blocks=[ofd.Paragraph("一"), ofd.PageBreak(), ofd.Paragraph("二")])
    )
    sealed = ofd.seal(bare, seal=region.seal, signer=region.hospital)
    ((page, box, _),) = ofd.stamps(ofd.open_package(sealed))
    assert page == 1
    assert box[0] > 100
    assert box[1] > 200


def test_a_seal_serves_only_its_owner(plain, region):
    with pytest.raises(Refused, match="not in the seal's list"):
        ofd.seal(plain, seal=region.seal, signer=region.doctor)


def test_a_seal_serves_only_in_its_time(plain, region):
    old = Seal.create(
        name="旧章",
        owners=[region.hospital.certificate],
        maker=region.maker,
        valid_from=clock.now() - timedelta(days=9),
        valid_to=clock.now() - timedelta(days=1),
    )
    with pytest.raises(Refused, match="not valid now"):
        ofd.seal(plain, seal=old, signer=region.hospital)


def test_a_riding_seal_comes_in_pieces(plain, region, monkeypatch):
    from openrhip.formats.ofd import signing_xml

    whole = signing_xml.signature_xml

    def halved(description):
        return whole(description).replace(
            b'Boundary="10 20 42 42"', b'Boundary="10 20 42 42" Clip="21 0 21 42"'
        )

    monkeypatch.setattr(signing_xml, "signature_xml", halved)
    sealed = ofd.seal(
        plain, seal=region.seal, signer=region.hospital, placements=[ofd.Placement(0, 10, 20)]
    )
    ((_, box, picture),) = ofd.stamps(ofd.open_package(sealed))
    assert box == (31, 20, 21, 42)
    with Image.open(io.BytesIO(picture)) as image:
        assert image.width * 2 == image.height
    assert ofd.verify(sealed, trust=region.trust).ok


def test_foreign_packages_are_signed_too(region, foreign):
    """Written by Python's zipfile: data descriptors, times, folders, the short namespace."""
    sealed = ofd.seal(foreign, seal=region.seal, signer=region.hospital)
    assert ofd.verify(ofd.sign(sealed, signer=region.doctor), trust=region.trust).ok


@pytest.fixture
def foreign(tmp_path):
    import zipfile

    short = 'xmlns="http://www.ofdspec.org"'
    path = tmp_path / "foreign.ofd"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("Doc_0/", "")
        made.writestr(
            "OFD.xml",
            f"<OFD {short}><DocBody><DocInfo/><DocRoot>Doc_0/Document.xml</DocRoot></DocBody></OFD>",
        )
        made.writestr(
            "Doc_0/Document.xml",
            f'<Document {short}><CommonData/><Pages><Page ID="1" BaseLoc="P.xml"/></Pages></Document>',
        )
        with made.open("Doc_0/P.xml", "w") as part:
            part.write(f"<Page {short}/>".encode())
        made.comment = b"KRC"
    return path.read_bytes()


def test_sign_and_seal_in_one_go_is_the_same(plain, region):
    """The shortcut shares digests between the two signatures; what it writes holds as well."""
    both = ofd.sign_and_seal(
        plain, author=region.doctor, seal=region.seal, institution=region.hospital,
        timestamper=region.stamper, reason="作者签名",
    )  # fmt: skip
    report = ofd.verify(both, trust=region.trust)
    assert [one.code for one in report.all_findings() if not one.ok] == []
    assert [one.kind for one in report.signatures] == ["Sign", "Seal"]
    first = ofd.sign(plain, signer=region.doctor, timestamper=region.stamper, reason="作者签名")
    apart = ofd.seal(first, seal=region.seal, signer=region.hospital, timestamper=region.stamper)
    assert ofd.open_package(both).parts == ofd.open_package(apart).parts
    assert abs(len(both) - len(apart)) < 40


def test_what_is_written_opens_as_what_was_kept(plain, region):
    """The package that signing keeps in memory equals the one read back from its bytes."""
    from openrhip.formats.ofd.package_append import Container

    container, package = Container(), ofd.open_package(plain)
    for name in package.parts:
        container.copy(package, name)
    container.store("中文.xml", b"<x/>")
    container.deflate("big.xml", b"<x/>" * 1000)
    kept = container.package(ofd.Limits())
    again = ofd.open_package(kept.data)
    assert again.entries == kept.entries
    assert again.read("big.xml") == b"<x/>" * 1000
