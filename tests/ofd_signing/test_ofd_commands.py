"""`openrhip ofd`: the commands as an operator uses them."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from openrhip.formats import ofd
from openrhip.formats.ofd import cli as commands
from openrhip.formats.ofd.cli import sealing
from openrhip.formats.ofd.cli.common import read_file
from openrhip.kernel.errors import (
    Malformed,
    Misconfigured,
    NotFound,
    Problem,
    TooLarge,
    Unavailable,
)
from openrhip.site.cli import main


@pytest.fixture
def run(region, tmp_path, plain, signed):
    (region.folder / "password").write_bytes(b"test\n")
    (tmp_path / "plain.ofd").write_bytes(plain)
    (tmp_path / "signed.ofd").write_bytes(signed)

    def call(*words, code=0, group=commands.cli):
        arguments = [str(word).format(pki=region.folder, tmp=tmp_path) for word in words]
        result = CliRunner().invoke(group, arguments)
        if isinstance(result.exception, Problem):
            raise result.exception
        assert result.exit_code == code, result.output
        return result.output

    return call


def test_info(run):
    found = json.loads(run("info", "--json", "{tmp}/signed.ofd"))
    assert found["pages"] == 1
    assert found["metadata"]["Title"] == "出院小结"
    assert [one["kind"] for one in found["signatures"]] == ["Sign", "Seal"]
    assert "anchor:seal" in found["tags"]
    assert "attachment: cda.xml" in run("info", "{tmp}/signed.ofd")


def test_text(run):
    assert "好转出院" in run("text", "{tmp}/plain.ofd")
    assert len(json.loads(run("text", "--json", "--page", "1", "{tmp}/plain.ofd"))["pages"]) == 1
    with pytest.raises(NotFound):
        run("text", "--page", "9", "{tmp}/plain.ofd")


@pytest.mark.parametrize(("suffix", "head"), [("pdf", b"%PDF"), ("png", b"\x89PNG"), ("svg", b"<")])
def test_render(run, tmp_path, suffix, head):
    run("render", "{tmp}/signed.ofd", "-o", "{tmp}/out." + suffix)
    assert (tmp_path / f"out.{suffix}").read_bytes().startswith(head)


def test_render_knows_three_kinds(run):
    assert "none of" in run("render", "{tmp}/signed.ofd", "-o", "{tmp}/out.doc", code=2)


def test_a_document_signed_sealed_and_verified_by_command(run, region, tmp_path):
    run("make", "江城市第一人民医院", "-o", "{tmp}/h.esl", "--maker", "{pki}/maker/maker",
        "--owner", "{pki}/institutions/H001.cert.pem", group=sealing.cli)  # fmt: skip
    run("make", "张三", "--person", "-o", "{tmp}/d.esl", "--maker", "{pki}/maker/maker",
        "--owner", "{pki}/staff/D001.cert.pem", group=sealing.cli)  # fmt: skip
    run("sign", "{tmp}/plain.ofd", "-o", "{tmp}/a.ofd", "--signer", "{pki}/staff/D001",
        "--tsa", "{pki}/tsa/tsa", "--reason", "作者签名")  # fmt: skip
    run("seal", "{tmp}/a.ofd", "-o", "{tmp}/b.ofd", "--signer", "{pki}/staff/D001",
        "--seal", "{tmp}/d.esl", "--at-place", 1, 30, 200)  # fmt: skip
    said = run("seal", "--json", "{tmp}/b.ofd", "-o", "{tmp}/b.ofd", "--anchor", "seal", "--lock",
               "--signer", "{pki}/institutions/H001", "--seal", "{tmp}/h.esl",
               "--tsa", "{pki}/tsa/tsa")  # fmt: skip
    done = json.loads(said)
    assert done["bytes"] == (tmp_path / "b.ofd").stat().st_size
    report = json.loads(run("verify", "--json", "--trust", "{pki}/trust", "{tmp}/b.ofd"))
    assert report["verdict"] == "valid"
    assert [one["kind"] for one in report["signatures"]] == ["Sign", "Seal", "Seal"]
    boxes = [box for _, box, _ in ofd.stamps(ofd.open_package((tmp_path / "b.ofd").read_bytes()))]
    assert boxes[0] == (30, 200, 30, 12)


def test_verify_says_every_check_and_exits_with_four(run, tmp_path, signed):
    assert "valid as of" in run("verify", "--trust", "{pki}/trust", "{tmp}/signed.ofd")
    changed = bytearray(signed)
    entry = ofd.open_package(signed).entries["Doc_0/Document.xml"]
    changed[entry.start + 9] ^= 1
    (tmp_path / "bad.ofd").write_bytes(changed)
    said = run("verify", "--trust", "{pki}/trust", "{tmp}/bad.ofd", code=4)
    assert "FAIL" in said
    assert "Doc_0/Document.xml" in said
    assert run("verify", "--trust", "{pki}/trust", "{tmp}/plain.ofd", code=4)


def test_verify_as_of_another_day(run):
    early = run(
        "verify", "--json", "--trust", "{pki}/trust", "--at", "2026-11-20T00:00:00Z",
        "{tmp}/signed.ofd", code=4,
    )  # fmt: skip
    assert "ofd.time" in {
        one["code"]
        for s in json.loads(early)["signatures"]
        for one in s["findings"]
        if not one["ok"]
    }
    assert "zone" in run("verify", "--at", "2026-11-20T00:00:00", "{tmp}/signed.ofd", code=2)
    assert "ISO 8601" in run("verify", "--at", "yesterday", "{tmp}/signed.ofd", code=2)


def test_what_is_no_package_is_malformed(run, tmp_path):
    (tmp_path / "x.ofd").write_bytes(b"PK")
    with pytest.raises(Malformed):
        run("info", "{tmp}/x.ofd")


def test_a_timestamp_authority_that_does_not_answer(run):
    words = ("sign", "{tmp}/plain.ofd", "-o", "{tmp}/a.ofd", "--signer", "{pki}/staff/D001")
    with pytest.raises(Unavailable):
        run(*words, "--tsa-url", "http://127.0.0.1:9/tsa")
    with pytest.raises(Misconfigured):
        run(*words, "--tsa-url", "file:///etc/passwd")
    assert "one of" in run(*words, "--tsa-url", "http://x", "--tsa", "{pki}/tsa/tsa", code=2)


def test_options_that_contradict_each_other(run):
    seal = ("seal", "{tmp}/plain.ofd", "-o", "{tmp}/a.ofd", "--signer", "{pki}/staff/D001",
            "--seal", "{tmp}/plain.ofd")  # fmt: skip
    assert "one of" in run(*seal, "--anchor", "seal", "--riding", "right", code=2)
    assert "one of" in run(*seal, "--anchor", "seal", "--at-place", 1, 2, 3, code=2)
    ends = ("--algorithm-end", "sm3=2045-01-01")
    assert "--evidence" in run("verify", "{tmp}/signed.ofd", "--integrity", *ends, code=2)


def test_certificates_say_where_they_went_or_that_there_are_none(run, tmp_path):
    said = run("certificates", "{tmp}/signed.ofd", "-o", "{tmp}/certs")
    assert all(str(path) in said for path in (tmp_path / "certs").iterdir())
    assert "no signature" in run("certificates", "{tmp}/plain.ofd")


@pytest.mark.parametrize(
    ("words", "code", "name"),
    [
        (["ofd", "render", "{tmp}/plain.ofd", "-o", "{tmp}/plain.ofd/x.png"], 8, "unavailable"),
        (["gm", "ocsp", "serve", "{tmp}"], 6, "not-found"),
    ],
)
def test_what_the_system_refuses_is_no_traceback(
    monkeypatch, capsys, tmp_path, plain, words, code, name
):
    (tmp_path / "plain.ofd").write_bytes(plain)
    words = [word.format(tmp=tmp_path) for word in words]
    monkeypatch.setattr("sys.argv", ["openrhip", *words, "--json"])
    with pytest.raises(SystemExit) as caught:
        main()
    assert caught.value.code == code
    problem = json.loads(capsys.readouterr().out)["error"]
    assert problem["code"] == name
    assert str(tmp_path) in problem["where"]


def test_a_terminal_that_lacks_rare_characters(tmp_path):
    path = tmp_path / "rare.ofd"
    path.write_bytes(ofd.write(ofd.Story("甲", [ofd.Paragraph("张㛃")])))
    code = "from openrhip.site.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, "ofd", "text", str(path)],
        capture_output=True,
        check=True,
        env={**os.environ, "PYTHONIOENCODING": "gbk"},
    )
    assert done.stdout.decode("gbk") == "张\\u36c3\n"


def test_what_never_ends_is_not_read():
    with pytest.raises(TooLarge):
        read_file(Path("/dev/zero"))


def test_a_wrong_password_is_a_plain_sentence(run, tmp_path):
    (tmp_path / "wrong").write_bytes(b"wrong")
    with pytest.raises(Misconfigured):
        run("sign", "{tmp}/plain.ofd", "-o", "{tmp}/a.ofd", "--signer", "{pki}/staff/D001",
            "--password-file", "{tmp}/wrong")  # fmt: skip


def test_seals_are_made_shown_and_checked(run, region, tmp_path):
    seal = ("--owner", "{pki}/institutions/H001.cert.pem", "--owner", "{pki}/staff/D001.cert.pem",
            "--maker", "{pki}/maker/maker")  # fmt: skip
    run("make", "江城市第一人民医院", "-o", "{tmp}/v5.esl", *seal, "--version", 5, "--digests",
        "--tsa", "{pki}/tsa/tsa", "--id", "S-0001", "--vendor", "VENDOR", "--size", 40, 40,
        "--until", "2027-01-01T00:00:00Z", group=sealing.cli)  # fmt: skip
    facts = json.loads(
        run("show", "--json", "{tmp}/v5.esl", "--picture", "{tmp}/p.png", group=sealing.cli)
    )
    assert (facts["version"], facts["id"], facts["vendor"]) == (5, "S-0001", "VENDOR")
    assert (facts["width_mm"], facts["timestamp"], len(facts["signers"])) == (40, True, 2)
    assert facts["valid_to"].startswith("2027-01-01")
    assert (tmp_path / "p.png").read_bytes().startswith(b"\x89PNG")
    assert "signers: digest SM3" in run("show", "{tmp}/v5.esl", group=sealing.cli)
    chain = ("--trust", "{pki}/trust", "--chain", "{pki}/maker/maker.chain.pem")
    assert "valid" in run("check", "{tmp}/v5.esl", *chain, group=sealing.cli)
    late = json.loads(run("check", "--json", "{tmp}/v5.esl", *chain, "--at", "2028-01-01T00:00:00Z",
                          code=4, group=sealing.cli))  # fmt: skip
    assert late["verdict"] == "invalid"
    alone = run("check", "{tmp}/v5.esl", *chain[:2], code=4, group=sealing.cli)
    assert "--chain" in alone
    with pytest.raises(Malformed) as caught:
        run("show", "{tmp}/plain.ofd", group=sealing.cli)
    assert "plain.ofd" in caught.value.where
    assert "seal make" in caught.value.remedy
    assert {one["code"] for one in late["findings"] if not one["ok"]} == {"seal.validity"}
    run(
        "make",
        "章",
        "-o",
        "{tmp}/v1.esl",
        *seal,
        "--version",
        1,
        "--picture",
        "{tmp}/p.png",
        group=sealing.cli,
    )
    shown = run("show", "{tmp}/v1.esl", group=sealing.cli)
    assert "version: 1" in shown
    assert "signers: certificate" in shown
    assert "valid" in run("check", "{tmp}/v1.esl", *chain, group=sealing.cli)
    forged = (tmp_path / "v1.esl").read_bytes().replace("章".encode(), "印".encode(), 1)
    (tmp_path / "forged.esl").write_bytes(forged)
    assert "FAIL" in run("check", "{tmp}/forged.esl", *chain, code=4, group=sealing.cli)


def test_forms_bases_and_keys_by_command(run, tmp_path):
    words = ("--signer", "{pki}/staff/D001")
    run("sign", "{tmp}/plain.ofd", "-o", "{tmp}/a.ofd", *words, "--form", "content")
    run("sign", "{tmp}/a.ofd", "-o", "{tmp}/b.ofd", *words, "--base", "s001", "--form", "raw")
    judge = ("verify", "--json", "--trust", "{pki}/trust", "{tmp}/b.ofd")
    assert json.loads(run(*judge, code=4))["verdict"] == "indeterminate"
    found = json.loads(run(*judge, "--certificate", "{pki}/staff/D001.cert.pem"))
    assert [one["base"] for one in found["signatures"]] == ["", "s001"]


def test_revocation_data_is_kept_by_command(run):
    words = (
        "--signer",
        "{pki}/institutions/H001",
        "--tsa",
        "{pki}/tsa/tsa",
        "--trust",
        "{pki}/trust",
    )
    run("make", "章", "-o", "{tmp}/s.esl", "--owner", "{pki}/institutions/H001.cert.pem",
        "--maker", "{pki}/maker/maker", group=sealing.cli)  # fmt: skip
    run(
        "seal",
        "{tmp}/plain.ofd",
        "-o",
        "{tmp}/a.ofd",
        *words,
        "--seal",
        "{tmp}/s.esl",
        "--keep-revocation",
    )
    said = run("verify", "--trust", "{pki}/trust", "--detail", "{tmp}/a.ofd")
    assert "签名时保存了撤销信息" in said
    assert "摘要相符" in said
    assert "riding" in run("seal", "--help")


def test_integrity_needs_no_trust(run, tmp_path, signed):
    said = run("verify", "--integrity", "{tmp}/signed.ofd")
    assert "完整性 integrity: 完整" in said
    assert "信任 trust: 未确立" in said
    broken = bytearray(signed)
    entry = ofd.open_package(signed).entries["Doc_0/Document.xml"]
    broken[entry.start + 9] ^= 1
    (tmp_path / "bad.ofd").write_bytes(broken)
    assert "已破坏" in run("verify", "--integrity", "{tmp}/bad.ofd", code=4)


def test_certificates_are_listed_and_written(run, tmp_path):
    rows = json.loads(run("certificates", "--json", "{tmp}/signed.ofd"))["certificates"]
    assert {row["role"] for row in rows} == {"signer", "maker", "timestamp", "issuer"}
    said = run("certificates", "{tmp}/signed.ofd", "-o", "{tmp}/found")
    assert "SM3" in said
    assert len(list((tmp_path / "found").glob("signer-*.pem"))) == 2


def test_without_a_trust_folder_the_way_out_is_said(run, monkeypatch, tmp_path):
    monkeypatch.setenv("OPENRHIP_HOME", str(tmp_path / "home"))
    with pytest.raises(Misconfigured, match="trust folder") as caught:
        run("verify", "{tmp}/signed.ofd")
    assert "--integrity" in caught.value.remedy
