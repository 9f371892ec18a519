"""`openrhip gm`: a whole life of keys, certificates, lists and timestamps."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from openrhip.formats.gm.cli import cli
from openrhip.formats.gm.sm2 import PublicKey
from openrhip.kernel.errors import Conflict, Malformed, NotVerified


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str, code: int = 0):
        done = CliRunner().invoke(cli, [*arguments, "--json"])
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        assert done.exit_code == code, done.output
        return json.loads(done.output)

    return call


@pytest.fixture
def region(run):
    staff = ("--staff", "D1:李四:H1")
    assert run("devpki", "pki", "--institution", "H1:市第一医院", *staff)["added"] is False
    return run


LOCK = ("--password-file", "pki/password")


def test_request_issue_verify_revoke(region):
    run = region
    run("key", "new", "k.pem", *LOCK)
    run(
        "cert", "request", "k.pem", "r.pem", "--subject", "C=CN, O=市第二医院, CN=市第二医院", *LOCK
    )
    issued = run("cert", "issue", "r.pem", "c.pem", "--signer", "pki/ca/issuing", *LOCK)
    assert issued["subject"] == "CN=市第二医院,O=市第二医院,C=CN"
    verify = ("cert", "verify", "c.pem", "--trust", "pki/trust")
    verify += ("--chain", "pki/ca/issuing.cert.pem", "--usage", "digitalSignature")
    assert run(*verify)["ok"] is True
    shown = run("cert", "show", "c.pem")["certificates"]
    assert shown[0]["serial"] == issued["serial"]
    made = run(
        *("crl", "issue", "pki/trust/issuing.crl.pem", "--signer", "pki/ca/issuing", *LOCK),
        *("--previous", "pki/trust/issuing.crl.pem", "--revoke", f"{issued['serial']}:superseded"),
    )
    assert made["number"] == 2
    assert run("crl", "show", "pki/trust/issuing.crl.pem")["revoked"][0]["reason"] == "superseded"
    after = run(*verify, code=4)
    assert [row["code"] for row in after["findings"] if not row["ok"]] == ["cert.revoked"]
    before = run(*verify, "--at", "2001-01-01T00:00:00Z", code=4)
    assert "cert.validity" in [row["code"] for row in before["findings"] if not row["ok"]]


def test_stamp_and_verify(region, tmp_path):
    run = region
    (tmp_path / "f").write_bytes(b"record")
    run("tsa", "stamp", "f", "f.tst", "--signer", "pki/tsa/tsa", *LOCK)
    verify = ("tsa", "verify", "f.tst", "f", "--trust", "pki/trust")
    assert run(*verify)["ok"] is True
    (tmp_path / "f").write_bytes(b"another")
    assert run(*verify, code=4)["findings"][0]["code"] == "tsp.imprint"
    done = CliRunner().invoke(cli, ["tsa", "stamp", "f", "g"])
    assert done.exit_code == 2
    assert "--url, or --signer" in done.output


def test_add_and_text_output(region):
    assert region("devpki", "pki", "--staff", "D2:王五:H1")["added"] is True
    done = CliRunner().invoke(cli, ["cert", "show", "pki/staff/D2.cert.pem"])
    assert "subject: CN=王五" in done.output
    done = CliRunner().invoke(
        cli, ["cert", "verify", "pki/staff/D2.cert.pem", "--trust", "pki/trust"]
    )
    assert done.exit_code == 4
    assert "✗ chain.anchor" in done.output
    assert "--chain" in done.output
    words = ["ocsp", "collect", "pki/staff/D1.cert.pem", "o.der", "--trust", "pki/trust"]
    assert "✗ chain.anchor" in CliRunner().invoke(cli, [*words, "--offline"]).output
    done = CliRunner().invoke(cli, ["cert", "show", "pki/staff/D1.cert.pem"])
    assert "authority: no\n  key_usage: digitalSignature, nonRepudiation" in done.output


def test_what_collect_keeps_is_shown(region):
    words = ["pki/staff/D1.cert.pem", "kept.der", "--trust", "pki/trust", "--offline"]
    CliRunner().invoke(
        cli,
        ["ocsp", "collect", *words, "--chain", "pki/staff/D1.chain.pem"],
        catch_exceptions=False,
    )
    shown = region("ocsp", "show", "kept.der")
    assert any("王五" in one or "CN=" in one for one in shown["certificates"])
    assert shown["lists"]
    assert all(one["issuer"] for one in shown["lists"])
    assert shown["answers"] == []


def test_public_key(region):
    region("key", "new", "k.pem", *LOCK)
    done = CliRunner().invoke(cli, ["key", "public", "k.pem", *LOCK])
    found = PublicKey.from_pem(done.output.encode())
    assert region("key", "public", "k.pem", *LOCK)["public_key"] == found.point.hex()


def test_nothing_is_overwritten(region):
    region("key", "new", "k.pem", *LOCK)
    with pytest.raises(Conflict):
        region("key", "new", "k.pem", *LOCK)


def test_what_an_operator_may_mistype(region, tmp_path):
    run = region
    run("key", "new", "k.pem", *LOCK)
    with pytest.raises(Malformed, match="C=CN"):
        run("cert", "request", "k.pem", "r.pem", "--subject", "市第二医院", *LOCK)
    run("cert", "request", "k.pem", "r.pem", "--subject", "CN=x", *LOCK)
    with pytest.raises(Malformed, match="authority"):
        run("cert", "issue", "r.pem", "c.pem", "--signer", "pki/staff/D1", *LOCK)
    with pytest.raises(Malformed, match="hexadecimal"):
        run("crl", "issue", "n", "--signer", "pki/ca/issuing", *LOCK, "--revoke", "xyz")
    with pytest.raises(NotVerified, match="previous"):
        run(
            *("crl", "issue", "n", "--signer", "pki/ca/issuing", *LOCK),
            *("--previous", "pki/trust/root.crl.pem"),
        )
    for at in ("yesterday", "2026-11-24T08:00:00"):
        with pytest.raises(Malformed, match="instant"):
            run("cert", "verify", "pki/staff/D1.cert.pem", "--trust", "pki/trust", "--at", at)
    with pytest.raises(Malformed, match="authority"):
        run("crl", "issue", "n", "--signer", "pki/staff/D1", *LOCK, "--revoke", "12")
    (tmp_path / "none").write_bytes(b"\n")
    with pytest.raises(Malformed, match="empty"):
        run("key", "new", "e.pem", "--password-file", "none")
    for listen in ("127.0.0.1:999999", "here", "127.0.0.1:"):
        with pytest.raises(Malformed, match="host:port"):
            run("tsa", "serve", "--signer", "pki/tsa/tsa", *LOCK, "--listen", listen)
    with pytest.raises(Malformed, match="3 parts"):
        run("devpki", "pki", "--staff", "D9")
