"""Status messages beside the openssl command, and over HTTP."""

from __future__ import annotations

import shutil
import threading
from contextlib import contextmanager
from datetime import timedelta

import pytest
from click.testing import CliRunner

from openrhip.formats.gm import certs, crl, der, devpki, ocsp, oids, revocation, status, transport
from openrhip.formats.gm.chain import TrustStore
from openrhip.formats.gm.cli import cli
from openrhip.formats.gm.cli import ocsp as serving
from openrhip.formats.gm.crl import Revocation
from openrhip.formats.gm.ocsp_responder import Responder
from openrhip.kernel import clock
from openrhip.kernel.errors import Malformed, Refused, TooLarge, Unavailable

needs_openssl = pytest.mark.skipif(
    shutil.which("openssl") is None, reason="the openssl command is not installed"
)


@pytest.fixture
def service(authority):
    signer = authority.enrol("ocsp", certs.OCSP_SIGNING)
    return Responder(signer, authority.issuing, authority.list_of)


@pytest.fixture
def files(authority, leaf, tmp_path):
    (tmp_path / "ca.pem").write_bytes(authority.issuing.pem())
    (tmp_path / "leaf.pem").write_bytes(leaf.certificate.pem())
    return tmp_path


@needs_openssl
@pytest.mark.parametrize("digest", ["sha1", "sm3", "sha256"])
def test_a_request_by_openssl_is_answered(openssl, files, service, authority, leaf, distid, digest):
    openssl("ocsp", f"-{digest}", "-issuer", "ca.pem", "-cert", "leaf.pem", "-reqout", "req.der")
    asked = ocsp.read_request((files / "req.der").read_bytes())
    assert asked.questions[0].names(leaf.certificate, authority.issuing)
    response = service.respond((files / "req.der").read_bytes())
    (files / "resp.der").write_bytes(response)
    said = openssl("ocsp", "-respin", "resp.der", "-resp_text", "-noverify").stdout.decode()
    assert "Cert Status: good" in said
    answer = ocsp.read_response(response)
    assert answer.nonce == asked.nonce
    responder = answer.certificates[0]
    for name, content in (
        ("k.pem", responder.public_key.to_pem()),
        ("s", answer.signature),
        ("d", answer.tbs),
    ):
        (files / name).write_bytes(content)
    done = openssl("dgst", "-sm3", "-verify", "k.pem", "-sigopt", distid, "-signature", "s", "d")
    assert b"Verified OK" in done.stdout


@needs_openssl
def test_our_request_is_read_by_openssl(openssl, files, authority, leaf):
    question = ocsp.CertId.of(leaf.certificate, authority.issuing, algorithm=oids.SHA1)
    (files / "req.der").write_bytes(ocsp.Request((question,), b"0123456789abcdef").encode())
    said = openssl("ocsp", "-reqin", "req.der", "-req_text").stdout.decode()
    assert f"{leaf.certificate.serial:X}" in said
    assert "OCSP Nonce" in said


@needs_openssl
@pytest.mark.parametrize("revoked", [False, True])
def test_openssl_as_the_service(openssl, files, authority, leaf, distid, revoked):
    """An answer that openssl made with SM2 and SM3 is believed, if it comes from the authority."""
    now = clock.now()
    row = ["R" if revoked else "V", f"{now + timedelta(days=900):%y%m%d%H%M%SZ}",
           f"{now - timedelta(days=2):%y%m%d%H%M%SZ},superseded" if revoked else "",
           f"{leaf.certificate.serial:X}", "unknown", "/CN=leaf"]  # fmt: skip
    (files / "index.txt").write_text("\t".join(row) + "\n")
    (files / "ca.key").write_bytes(authority.key.to_pem(None))
    question = ocsp.CertId.of(leaf.certificate, authority.issuing, algorithm=oids.SHA1)
    (files / "req.der").write_bytes(ocsp.Request((question,)).encode())
    openssl("ocsp", "-index", "index.txt", "-CA", "ca.pem", "-rsigner", "ca.pem", "-rkey", "ca.key",
            "-rmd", "sm3", "-rsigopt", distid, "-reqin", "req.der", "-respout", "resp.der",
            "-ndays", "1", "-noverify")  # fmt: skip
    answer = ocsp.read_response((files / "resp.der").read_bytes())
    assert status.speaks_for(answer, authority.issuing)
    found = answer.about(leaf.certificate, authority.issuing)
    assert found.state == (ocsp.REVOKED if revoked else ocsp.GOOD)
    assert not revoked or found.revocation.reason == "superseded"


# Over HTTP


@contextmanager
def running(answers):
    with transport.serve(answers, "127.0.0.1", 0) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def test_lists_and_answers_over_http(authority, leaf, service, monkeypatch):
    made = authority.list_of()
    answers = {
        "/a.crl": ("", transport.CRL_TYPE, lambda _: made.der),
        "/big.crl": ("", transport.CRL_TYPE, lambda _: bytes(5000)),
        "/ocsp": (ocsp.REQUEST_TYPE, ocsp.RESPONSE_TYPE, service.respond),
        "/html": (ocsp.REQUEST_TYPE, "text/html", lambda _: b"<p>"),
    }
    port = transport.HttpRevocation(private=True, timeout=5)
    with running(answers) as home:
        assert port.crl(f"{home}/a.crl") == made.der
        answer = revocation.ask(leaf.certificate, authority.issuing, f"{home}/ocsp", port)
        assert answer.rows[0].state == ocsp.GOOD
        for path in ("/none", "/ocsp"):
            with pytest.raises(Unavailable):
                port.crl(home + path)
        with pytest.raises(Malformed, match="text/html"):
            port.ocsp(f"{home}/html", b"x")
        monkeypatch.setattr(crl, "LARGEST", 4000)
        with pytest.raises(TooLarge):
            port.crl(f"{home}/big.crl")
        with pytest.raises(Refused, match="private"):
            transport.HttpRevocation().crl(f"{home}/a.crl")


@pytest.mark.parametrize(
    "url",
    ["file:///etc/passwd", "ftp://x/", "http://", "http://127.0.0.1/x", "http://[::1]/", "http://169.254.169.254/",
     "http://10.0.0.1/", "http://[::ffff:192.168.0.1]/", "http://x:99999/"],
)  # fmt: skip
def test_addresses_that_are_not_asked(url):
    port = transport.HttpRevocation(timeout=1)
    with pytest.raises((Refused, Unavailable)):
        port.crl(url)
    with pytest.raises((Refused, Unavailable)):
        port.ocsp(url, b"")


def test_a_server_that_speaks_no_http(tmp_path):
    import socketserver

    class Garbage(socketserver.BaseRequestHandler):
        def handle(self):
            self.request.recv(1000)
            self.request.sendall(b"SSH-2.0-x\r\n\r\n")

    with socketserver.TCPServer(("127.0.0.1", 0), Garbage) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        home = f"http://127.0.0.1:{server.server_address[1]}"
        try:
            for path in ("/x", "/a b", "/\x01", "/é"):
                with pytest.raises(Unavailable):
                    transport.HttpRevocation(private=True, timeout=3).crl(home + path)
        finally:
            server.shutdown()
            thread.join()


def test_a_redirect_is_not_followed():
    from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

    class Elsewhere(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(302)
            self.send_header("Location", "http://169.254.169.254/")
            self.end_headers()

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            with pytest.raises(Unavailable):
                transport.HttpRevocation(private=True).crl(
                    f"http://127.0.0.1:{server.server_port}/"
                )
        finally:
            server.shutdown()
            thread.join()


def test_a_development_authority_with_services(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    devpki.create(tmp_path / "pki", institutions=[devpki.DevInstitution("H1", "医院")], staff=[],
                  password=b"x", services="http://127.0.0.1:1")  # fmt: skip
    answers = serving.services(tmp_path / "pki", b"x")
    with running(answers) as home:
        devpki.add(tmp_path / "pki", staff=[devpki.DevStaff("D1", "甲", "H1")], password=b"x")
        place = tmp_path / "pki" / "ca" / "services"
        assert place.read_text() == "http://127.0.0.1:1"
        place.write_text(home)
        devpki.add(tmp_path / "pki", staff=[devpki.DevStaff("D2", "乙", "H1")], password=b"x")
        leaf = certs.Certificate.from_pem((tmp_path / "pki/staff/D2.cert.pem").read_bytes())
        assert (leaf.ocsp_urls, leaf.crl_urls) == ((f"{home}/ocsp",), (f"{home}/issuing.crl",))
        words = ["ocsp", "collect", "pki/staff/D2.cert.pem", "out.der", "--trust", "pki/trust",
                 "--chain", "pki/staff/D2.chain.pem", "--json"]  # fmt: skip
        done = CliRunner().invoke(cli, [*words, "--private"])
        assert done.exit_code == 0, done.output
        assert '"complete": true' in done.output
        assert '"ocsp": 1' in done.output
    data = revocation.RevocationData.decode((tmp_path / "out.der").read_bytes())
    (tmp_path / "one.ocsp").write_bytes(data.answers[0].response())
    shown = CliRunner().invoke(cli, ["ocsp", "show", "one.ocsp"])
    assert "state: good" in shown.output
    folder = tmp_path / "trust"
    folder.mkdir()
    (folder / "a.ocsp").write_bytes(data.answers[0].der)
    (folder / "root.pem").write_bytes(data.certificates[-1].pem())
    assert TrustStore.load_folder(folder).answers == data.answers
    offline = CliRunner().invoke(cli, [*words, "--offline"])
    assert offline.exit_code == 0
    assert '"ocsp": 0' in offline.output


def test_services_of_absurd_address_are_refused(tmp_path):
    with pytest.raises(Malformed, match="address"):
        devpki.create(tmp_path / "p", institutions=[], staff=[], password=b"x", services="ftp://x")


def test_certificates_name_services_by_command(tmp_path, monkeypatch, authority):
    monkeypatch.chdir(tmp_path)
    services = certs.Services(
        crl=("http://a/1.crl",), ocsp=("http://a/ocsp",), issuers=("http://a/i.cer",)
    )
    made = authority.enrol("x", extra=services.extensions()).certificate
    assert made.issuer_urls == ("http://a/i.cer",)
    (tmp_path / "x.pem").write_bytes(made.pem())
    shown = CliRunner().invoke(cli, ["cert", "show", "x.pem", "--json"])
    assert '"ocsp": ["http://a/ocsp"]' in shown.output
    broken = certs.Extension(oids.AUTHORITY_ACCESS, critical=False, value=der.null())
    assert authority.enrol("y", extra=[broken]).certificate.ocsp_urls == ()
    assert Revocation(1, clock.now()).reason == ""
