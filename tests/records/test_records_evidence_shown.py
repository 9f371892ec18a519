"""Evidence in commands, proof bundles, figures; OFD-A copies linked by digest."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner

from openrhip.directory.service import Actor, Purpose, trust
from openrhip.formats import ofd
from openrhip.formats.gm import certs, crl, ers, sm3, tsp
from openrhip.formats.gm.chain import TrustStore
from openrhip.formats.gm.signer import SoftwareSigner
from openrhip.formats.gm.sm2 import PrivateKey
from openrhip.kernel import clock, ids
from openrhip.kernel.config import SETTINGS, Config
from openrhip.kernel.errors import Misconfigured, NotFound, NotVerified
from openrhip.kernel.periods import city_day
from openrhip.records import bundle, service
from openrhip.records.adapters import authority
from openrhip.records.cli import cli
from openrhip.records.figures import figures
from openrhip.records.models import DocumentCopy
from openrhip.records.service import copies, vault
from openrhip.records.service.preservation import means, running, showing


@pytest.fixture
def archived(centre, jinling, summary_v1, pki, monkeypatch):
    """A real record in the archive; the development authority stamps."""
    values = {setting.name: setting.default for setting in SETTINGS}
    config = Config(centre.home, values)
    monkeypatch.setattr(means, "current", lambda: config)
    monkeypatch.setattr(means, "timestamper", lambda: pki.tsa)
    return service.deposit(institution=jinling, content=summary_v1).number


@pytest.fixture
def evidenced(archived):
    assert running.run().documents == 1
    return archived


def run(*arguments, code=0):
    result = CliRunner().invoke(cli, [str(argument) for argument in arguments])
    if code == 0 and result.exception:
        raise result.exception
    return result


def export(document_id):
    person = service.document(document_id).person_id
    made = service.export_bundle(
        who=Actor.citizen(person), document_id=document_id, purpose=Purpose.OWN_ACCESS
    )
    return made.content


def test_the_commands(archived, tmp_path, summary_v1, pki):
    said = json.loads(run("evidence", "status", "--json").output)
    assert (said["documents"], said["pending"]) == (0, 1)
    assert "1 documents" in run("evidence", "run").output
    assert "documents with evidence: 1, without: 0" in run("evidence", "status").output
    assert "existed at" in run("evidence", "show", archived).output
    shown = json.loads(run("evidence", "show", archived, "--json").output)
    assert [one["algorithm"] for one in shown["stamps"]] == ["sm3"]
    file = tmp_path / "record.ers"
    run("evidence", "export", archived, "-o", file)
    trust = TrustStore.load_folder(pki.folder / "trust")
    report = ofd.verify_evidenced(summary_v1, file.read_bytes(), trust=trust)
    assert report.ok, [one for one in report.all_findings() if not one.ok]
    assert "valid; existence proven at" in run("evidence", "verify", archived, "--read").output
    assert "1 verified, 0 wrong" in run("evidence", "verify").output
    later = run("evidence", "verify", archived, "--at", "2049-01-01", code=4)
    assert isinstance(later.exception, NotVerified)
    assert "0 trees renewed" in run("evidence", "renew").output
    assert "1 trees renewed" in run("evidence", "renew", "--before", "2100-01-01").output
    assert run("evidence", "renew", "--before", "someday", code=2).exit_code == 2
    assert [one.chain for one in showing.of_document(archived).stamps] == [1, 1]


def test_figures_tell_of_evidence(archived, jinling):
    today = city_day(clock.now())
    before = figures(since=today, until=today, institution=jinling)
    assert (before.deposited, before.evidenced, before.evidence_ends) == (1, 0, None)
    running.run()
    after = figures(since=today, until=today, institution=jinling)
    assert (after.evidenced, after.evidence_ends) == (1, showing.status().next_renewal)
    assert figures(since=today, until=today, institution="other").evidenced == 0
    assert "with long-term evidence: 1 of 1" in run("figures", "--days", "1").output


def test_a_bundle_carries_the_evidence(evidenced, summary_v1, pki, centre):
    content = export(evidenced)
    files = bundle.unpack(content)
    assert ers.read(files["evidence.ers"]).used()
    trust = TrustStore.load_folder(pki.folder / "trust")
    report = bundle.verify(content, trust, centre.ledger.key())
    assert report.ok, [one for one in report.findings if not one.ok]
    assert report.existed_at.startswith("20")
    assert report.as_dict()["existed_at"] == report.existed_at
    assert any(one.code == "ers.document" and one.ok for one in report.findings)
    inside = bundle.verify(content, trust_inside=True)
    assert inside.ok, [one for one in inside.findings if not one.ok]


def test_a_real_record_in_2049(evidenced, summary_v1, summary_v2, pki, monkeypatch):
    """Signed, sealed and stamped today; renewed in 2035 by another authority; all else expired."""
    today = TrustStore.load_folder(pki.folder / "trust")
    key, root_key = PrivateKey.generate(), PrivateKey.generate()

    def year(number):
        return datetime(number, 6, 1, tzinfo=UTC)

    def certificate(name, holder, profile, issuer):
        return certs.issue(
            subject=[("O", "时间戳机构 2034"), ("CN", name)], public_key=holder.public_key,
            issuer=issuer, issuer_key=root_key, not_before=year(2034), not_after=year(2051),
            profile=profile,
        )  # fmt: skip

    root = certificate("root", root_key, certs.ROOT, None)
    tsa = SoftwareSigner(key, certificate("tsa", key, certs.TIME_STAMPING, root))

    def known(at):
        own = crl.issue(
            issuer=root, issuer_key=root_key, revoked=(), this_update=at,
            next_update=at + timedelta(days=90),
        )  # fmt: skip
        return TrustStore([*today.roots, root], [*today.crls, own], (), today.seal_makers)

    monkeypatch.setattr(means, "timestamper", lambda: tsp.LocalTimestamper(tsp.Authority(tsa)))
    monkeypatch.setattr(trust, "store", lambda: known(clock.now()))
    with clock.frozen(year(2035)):
        assert running.renew(before=year(2040)).renewed == 1
    with clock.frozen(year(2049)):
        record = showing.record_of(evidenced)
        report = ofd.verify_evidenced(summary_v1, record, trust=known(year(2049)))
        assert report.ok, [one for one in report.all_findings() if not one.ok]
        assert report.evidence.proven < year(2035)
        assert [one.verdict for one in report.document.signatures] == ["valid", "valid"]
        other = ofd.verify_evidenced(summary_v2, record, trust=known(year(2049)))
        assert other.verdict == "invalid", "the record of another document"


def test_evidence_that_was_changed_in_a_bundle_is_named(evidenced):
    files = bundle.unpack(export(evidenced))
    record = files["evidence.ers"]
    for at in (0, len(record) // 2, len(record) - 1):
        changed = bytearray(record)
        changed[at] ^= 1
        report = bundle.verify(bundle.pack({**files, "evidence.ers": bytes(changed)}))
        assert any("evidence.ers" in one.where for one in report.findings if not one.ok)
    another = ers.create([b"another"], means.timestamper()).encoded
    report = bundle.verify(bundle.pack({**files, "evidence.ers": another}))
    assert "ers.document" in {one.code for one in report.findings if not one.ok}


def test_a_bundle_without_evidence_is_as_before(archived):
    content = export(archived)
    assert "evidence.ers" not in bundle.unpack(content)
    report = bundle.verify(content, trust_inside=True)
    assert report.ok
    assert report.existed_at == ""


def test_an_archive_copy_is_linked_by_digest(archived, summary_v1):
    assert copies.of(archived) == ()
    answer = json.loads(run("archive-copy", archived, "--json").output)
    [made] = copies.of(archived)
    assert made.id == answer["id"]
    assert made.original == sm3.hexdigest(summary_v1) == made.report["original_sm3"]
    assert made.digest == made.report["copy_sm3"]
    assert copies.make(document_id=archived) == made, "one copy, however often it is asked for"
    assert DocumentCopy.objects.count() == 1
    running.run()
    shown = json.loads(run("evidence", "show", archived, "--json").output)
    [linked] = shown["copies"]
    assert (linked["original"], linked["digest"]) == (shown["digest"], made.digest)
    stored = vault.store().read(DocumentCopy.objects.get().stored_key)
    assert b"OFD.xml" not in stored, "a copy is encrypted like its document"


def test_copies_of_nothing(centre):
    with pytest.raises(NotFound):
        copies.make(document_id=ids.new_id())


def test_the_authority_of_the_settings(tmp_path, pki, monkeypatch):
    values = {setting.name: setting.default for setting in SETTINGS}
    config = Config(tmp_path, values)
    monkeypatch.setattr(authority, "current", lambda: config)
    with pytest.raises(Misconfigured):
        authority.timestamper()
    config = Config(tmp_path, {**values, "development": "yes"})
    with pytest.raises(Misconfigured):
        authority.timestamper()
    (tmp_path / "pki").symlink_to(pki.folder)
    assert authority.timestamper().stamp(b"x")
    config = Config(tmp_path, {**values, "tsa_url": "http://127.0.0.1:9/"})
    from openrhip.kernel.errors import Unavailable

    with pytest.raises(Unavailable):
        authority.timestamper().stamp(b"x")
