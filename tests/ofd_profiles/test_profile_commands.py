"""`openrhip ofd to-ofd-a`, `protect`, `check-list`, `encrypt`, `decrypt`."""

import json
import zipfile

import pytest
from click.testing import CliRunner

from openrhip.formats import ofd
from openrhip.formats.gm import sm3
from openrhip.formats.ofd.cli import cli
from openrhip.kernel.errors import Malformed, NotVerified, Refused


@pytest.fixture
def run(monkeypatch):
    monkeypatch.setenv("OPENRHIP_KEY_PASSWORD", "test")

    def command(*words, code=0):
        result = CliRunner().invoke(cli, [str(word) for word in words])
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert result.exit_code == code, result.output
        return result.output

    return command


@pytest.fixture
def file(tmp_path, sealed):
    path = tmp_path / "record.ofd"
    path.write_bytes(sealed)
    return path


@pytest.fixture
def secret(tmp_path):
    path = tmp_path / "password.txt"
    path.write_text("a long and random password\n", "utf-8")
    return path


def test_to_ofd_a(run, file, tmp_path, sealed):
    out, report = tmp_path / "a.ofd", tmp_path / "report.json"
    text = run("to-ofd-a", file, "-o", out, "--report", report, "--archive", "档号=J001-2026-1")
    assert "OFD-A" in text
    facts = json.loads(report.read_text("utf-8"))
    assert facts["ok"] is True
    assert facts["original_sm3"] == sm3.hexdigest(sealed)
    package = ofd.open_package(out.read_bytes())
    assert package.metadata["OriginalSM3"] == facts["original_sm3"]
    assert package.metadata["档号"] == "J001-2026-1"
    assert package.xml("OFD.xml").get("DocType") == "OFD-A"
    assert file.read_bytes() == sealed
    answer = json.loads(run("to-ofd-a", file, "-o", out, "--json"))
    assert answer["copy_sm3"] == sm3.hexdigest(out.read_bytes())


def test_to_ofd_a_that_breaks_a_rule(run, file, tmp_path, changed, sealed):
    package = ofd.open_package(sealed)
    page = package.pages[0].part
    data = package.read(page).replace(
        b"</ofd:Layer>", b'<ofd:VideoObject ID="9999"/></ofd:Layer>', 1
    )
    file.write_bytes(changed(sealed, {page: data}))
    text = run("to-ofd-a", file, "-o", tmp_path / "a.ofd", code=NotVerified.exit_code)
    assert "FAIL GB/T 42133-2022 6.7" in text


def test_protect_and_check_list(run, file, tmp_path, keys, changed):
    out = tmp_path / "listed.ofd"
    run("protect", file, "-o", out, "--signer", keys.folder / "institutions/H001", "--tsa",
        keys.folder / "tsa/tsa")  # fmt: skip
    trust = ("--trust", keys.folder / "trust")
    assert run("check-list", out, *trust).startswith("holds")
    out.write_bytes(changed(out.read_bytes(), {"Doc_0/x.bin": b"x"}))
    text = run("check-list", out, *trust, code=NotVerified.exit_code)
    assert "夹带" in text
    answer = json.loads(run("check-list", out, *trust, "--json", code=NotVerified.exit_code))
    assert answer["ok"] is False


def test_encrypt_and_decrypt_by_password(run, file, tmp_path, secret, sealed):
    hidden, shown = tmp_path / "e.ofd", tmp_path / "d.ofd"
    run("encrypt", file, "-o", hidden, "--password-file", secret, "--user", "门诊")
    assert "proven" in run("decrypt", hidden, "-o", shown, "--password-file", secret)
    assert shown.read_bytes() == sealed
    assert shown.stat().st_mode & 0o077 == 0
    wrong = tmp_path / "wrong.txt"
    wrong.write_text("another long password", "utf-8")
    with pytest.raises(NotVerified):
        run("decrypt", hidden, "-o", tmp_path / "x.ofd", "--password-file", wrong)
    assert not (tmp_path / "x.ofd").exists()
    with pytest.raises(Refused):
        run("to-ofd-a", hidden, "-o", tmp_path / "a.ofd")
    text = run("to-ofd-a", hidden, "-o", tmp_path / "a.ofd", "--password-file", secret)
    assert "已解密" in text


def test_encrypt_and_decrypt_by_certificate(run, file, tmp_path, keys, sealed):
    hidden, shown = tmp_path / "e.ofd", tmp_path / "d.ofd"
    run("encrypt", file, "-o", hidden, "--recipient", keys.folder / "staff/D001.cert.pem",
        "--recipient", keys.folder / "staff/N1.cert.pem")  # fmt: skip
    answer = json.loads(
        run("decrypt", hidden, "-o", shown, "--key", keys.folder / "staff/N1", "--json")
    )
    assert answer["same"] is True
    assert shown.read_bytes() == sealed
    with pytest.raises(NotVerified):
        run("decrypt", hidden, "-o", shown, "--key", keys.folder / "institutions/H001")


def test_what_is_no_ofd_is_neither_encrypted_nor_listed(run, tmp_path, secret, keys):
    other = tmp_path / "other.zip"
    with zipfile.ZipFile(other, "w") as made:
        made.writestr("a.txt", b"a")
    out = tmp_path / "out.ofd"
    with pytest.raises(Malformed, match=r"no OFD\.xml"):
        run("encrypt", other, "-o", out, "--password-file", secret)
    with pytest.raises(Malformed, match=r"no OFD\.xml"):
        run("protect", other, "-o", out, "--signer", keys.folder / "institutions/H001")
    assert not out.exists()


def test_commands_that_lack_something(run, file, tmp_path, secret, keys):
    out = tmp_path / "x.ofd"
    certificate = keys.folder / "staff/D001.cert.pem"
    run("encrypt", file, "-o", out, code=2)
    run("encrypt", file, "-o", out, "--recipient", certificate, "--password-file", secret, code=2)
    run("decrypt", file, "-o", out, code=2)
    run("decrypt", file, "-o", out, "--key", tmp_path / "none", code=2)
    run(
        "decrypt",
        file,
        "-o",
        out,
        "--key",
        keys.folder / "staff/N1",
        "--password-file",
        secret,
        code=2,
    )
    run("to-ofd-a", file, "-o", out, "--archive", "no pair", code=2)
    secret.write_bytes(b"\xff\xfe\xff")
    with pytest.raises(Malformed, match="UTF-8"):
        run("encrypt", file, "-o", out, "--password-file", secret)
