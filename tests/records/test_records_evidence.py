"""Long-term evidence: nightly trees, renewal, re-hash, interrupted runs; verdicts decades later."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from openrhip.directory.service import trust
from openrhip.formats.gm import certs, crl, digests, ers, sm3, tsp
from openrhip.formats.gm.chain import TrustStore
from openrhip.formats.gm.ers.policy import Policy
from openrhip.formats.gm.signer import SoftwareSigner
from openrhip.formats.gm.sm2 import PrivateKey
from openrhip.kernel import clock, ids
from openrhip.kernel.config import SETTINGS, Config
from openrhip.kernel.errors import (
    Conflict,
    Malformed,
    Misconfigured,
    NotFound,
    Refused,
    Unavailable,
)
from openrhip.records.models import Document, EvidenceLeaf, EvidenceNight, EvidenceTree
from openrhip.records.service import evidence as ledger_side
from openrhip.records.service import keep_evidence, vault
from openrhip.records.service.preservation import (
    filling,
    gathering,
    means,
    running,
    showing,
    trees,
)


def day(year, month=3, date=1, hour=4):
    return datetime(year, month, date, hour, tzinfo=UTC)


@dataclass
class Era:
    """A root with its timestamp authority, and the list that is current at an instant."""

    since: int
    until: int
    key: PrivateKey = field(default_factory=PrivateKey.generate)

    def __post_init__(self):
        self.root = self._make("root", self.key, certs.ROOT, None)
        holder = PrivateKey.generate()
        signer = SoftwareSigner(
            holder, self._make("tsa", holder, certs.TIME_STAMPING, self.root), ()
        )
        self.stamper = tsp.LocalTimestamper(tsp.Authority(signer, algorithms=digests.OIDS))

    def _make(self, name, holder, profile, issuer):
        return certs.issue(
            subject=[("C", "CN"), ("O", f"时间戳机构 {self.since}"), ("CN", name)],
            public_key=holder.public_key,
            issuer=issuer,
            issuer_key=self.key,
            not_before=day(self.since, 1),
            not_after=day(self.until, 1),
            profile=profile,
        )

    def list_at(self, at):
        return crl.issue(
            issuer=self.root, issuer_key=self.key, revoked=(),
            this_update=at - timedelta(hours=1), next_update=at + timedelta(days=30),
        )  # fmt: skip


PROBES = {one.of(b"does the authority stamp this?") for one in digests.TABLE}
ERAS = (Era(2026, 2031), Era(2029, 2039), Era(2036, 2053))


class Preserving:
    """The archive at chosen instants: who stamps, whom it trusts, what its settings are."""

    def __init__(self, monkeypatch, config):
        self.config = config
        self.era = ERAS[0]
        self.stamps = 0
        self.away = False
        self.refused = set()
        monkeypatch.setattr(means, "current", lambda: self.config)
        monkeypatch.setattr(means, "timestamper", lambda: self)
        monkeypatch.setattr(trust, "store", self.trust)

    def trust(self):
        now = clock.now()
        eras = [one for one in ERAS if one.since <= now.year]
        return TrustStore([one.root for one in eras], [one.list_at(now) for one in eras])

    def stamp_digest(self, digest, algorithm):
        if self.away:
            raise Unavailable("the timestamp authority does not answer")
        if algorithm in self.refused:
            raise Refused("this algorithm is not stamped")
        self.stamps += digest not in PROBES
        return self.era.stamper.stamp_digest(digest, algorithm)

    def set(self, **values):
        self.config = Config(self.config.home, {**self.config.values, **values})

    def deposit(self, *contents, at):
        made = []
        for content in contents:
            document_id = ids.new_id()
            kept = vault.keep([content], document_id=document_id)
            made.append(
                Document.objects.create(
                    id=document_id, institution="H1", digest=sm3.hexdigest(content),
                    size=len(content), media="ofd", stored_key=kept.stored_key,
                    wrapped_key=kept.wrapped_key, key_id=kept.key_id, kind="C0053", title="t",
                    person_id="p", source_id=document_id, author="a", level=1, pages=1,
                    recorded_at=at, deposited_at=at, leaf={}, report={}, receipt={"index": 1},
                )
            )  # fmt: skip
        return made

    def turns(self, at, most=40):
        """The worker's turns at an instant until nothing is left to do."""
        with clock.frozen(at):
            for _ in range(most):
                if not keep_evidence():
                    return
        pytest.fail("the chore never ends")


@pytest.fixture
def archive(centre, monkeypatch):
    values = {setting.name: setting.default for setting in SETTINGS}
    made = Preserving(monkeypatch, Config(centre.home, values))
    made.ledger = centre.ledger
    return made


def contents(count, mark=""):
    return [f"document {mark}{number}".encode() for number in range(count)]


def failed(report):
    return {finding.code for finding in report.all_findings() if not finding.ok}


def test_a_night_gives_every_document_its_record(archive):
    rows = archive.deposit(*contents(7), at=day(2026))
    archive.turns(day(2026, 3, 2))
    assert archive.stamps == 1
    tree = EvidenceTree.objects.get()
    assert (tree.leaves, tree.closed, tree.algorithm) == (7, True, "sm3")
    [entry] = archive.ledger.entries
    assert (entry.kind, entry.fields["manifest"], entry.fields["count"]) == (
        "evidence", tree.root, 7,
    )  # fmt: skip
    assert entry.fields["action"] == "stamp:sm3"
    with clock.frozen(day(2026, 3, 3)):
        for row, content in zip(rows, contents(7), strict=True):
            report = ers.verify(
                showing.record_of(row.id), [content], trust=archive.trust(), at=day(2026, 3, 3)
            )
            assert report.ok, failed(report)
            assert report.proven == day(2026, 3, 2)
            assert showing.verify(row.id, read=True).ok
        other = ers.verify(showing.record_of(rows[0].id), [contents(7)[1]], trust=archive.trust())
        assert "ers.document" in failed(other)


def test_a_night_is_made_once_and_the_next_takes_what_came_since(archive):
    archive.deposit(*contents(3), at=day(2026))
    archive.turns(day(2026, 3, 2, 20))
    archive.deposit(*contents(2, "later"), at=day(2026, 3, 2, 21))
    archive.turns(day(2026, 3, 3, 12))
    assert archive.stamps == 1, "the run of that night is over"
    archive.turns(day(2026, 3, 3, 20))
    assert archive.stamps == 2
    assert [night.documents for night in EvidenceNight.objects.order_by("day")] == [3, 2]
    assert EvidenceLeaf.objects.count() == 5


def test_without_documents_there_is_no_tree(archive):
    archive.turns(day(2026, 3, 2))
    assert not EvidenceTree.objects.exists()
    assert EvidenceNight.objects.get().ended_at is not None
    assert archive.stamps == 0


def test_a_document_without_receipt_waits_for_its_receipt(archive):
    [late] = archive.deposit(b"late", at=day(2026))
    archive.deposit(*contents(2), at=day(2026, 3, 1, 5))
    Document.objects.filter(pk=late.pk).update(receipt=None)
    archive.turns(day(2026, 3, 2, 20))
    assert EvidenceLeaf.objects.count() == 2
    Document.objects.filter(pk=late.pk).update(receipt={"index": 2})
    archive.turns(day(2026, 3, 13, 20))
    assert EvidenceLeaf.objects.filter(document=late).count() == 1


def test_one_document_alone_and_the_same_bytes_twice(archive):
    one = archive.deposit(b"alone", at=day(2026))[0]
    with clock.frozen(day(2026, 3, 2)):
        assert running.run().documents == 1
        assert ers.read(showing.record_of(one.id)).stamps()[0].lists == ()
        assert showing.verify(one.id).ok
    two = archive.deposit(b"same", at=day(2026, 3, 3))
    Document.objects.filter(pk=two[0].pk).update(institution="H2")
    two += archive.deposit(b"same", b"other", at=day(2026, 3, 3))
    with clock.frozen(day(2026, 3, 4)):
        assert running.run().documents == 3
        assert EvidenceTree.objects.latest("pk").leaves == 2
        assert all(showing.verify(row.id).ok for row in two)


def test_portions_and_full_trees(archive, monkeypatch):
    monkeypatch.setattr(gathering, "CHUNK", 3)
    monkeypatch.setattr(trees, "MOST", 7)
    rows = archive.deposit(*contents(17), at=day(2026))
    archive.turns(day(2026, 3, 2))
    assert sorted(EvidenceTree.objects.values_list("leaves", flat=True)) == [3, 7, 7]
    assert EvidenceLeaf.objects.values("document").distinct().count() == len(rows)
    with clock.frozen(day(2026, 3, 2)):
        assert all(showing.verify(row.id).ok for row in rows)


@pytest.mark.parametrize(
    "where",
    ["openrhip.records.service.preservation.filling.fill",
     "openrhip.records.service.preservation.means.timestamper",
     "openrhip.records.service.vault.store",
     "openrhip.records.service.evidence.ledger"],
)  # fmt: skip
def test_a_killed_run_is_gone_on_with(archive, monkeypatch, where):
    rows = archive.deposit(*contents(5), at=day(2026))
    with monkeypatch.context() as patch, clock.frozen(day(2026, 3, 2)):
        module, _, name = where.rpartition(".")
        target = {"filling": filling, "means": means, "vault": vault, "evidence": ledger_side}[
            module.rpartition(".")[2]
        ]
        patch.setattr(target, name, _killed)
        with pytest.raises(KeyboardInterrupt):
            running.run()
    archive.turns(day(2026, 3, 2))
    with clock.frozen(day(2026, 3, 2)):
        running.run()
        assert [showing.verify(row.id).ok for row in rows] == [True] * 5
    assert EvidenceLeaf.objects.count() == 5
    assert EvidenceTree.objects.count() == 1
    assert [entry.kind for entry in archive.ledger.entries] == ["evidence"]


def _killed(*_, **__):
    raise KeyboardInterrupt


def test_an_authority_that_is_away_is_waited_for(archive):
    archive.deposit(*contents(2), at=day(2026))
    archive.away = True
    with clock.frozen(day(2026, 3, 2)), pytest.raises(Unavailable):
        running.run()
    with clock.frozen(day(2026, 3, 3)):
        assert "waited 12 hours" in " ".join(en for _, en in showing.status().warnings)
    archive.away = False
    archive.turns(day(2026, 3, 2))
    assert archive.stamps == 1


def test_a_timestamp_that_does_not_hold_is_not_taken(archive, monkeypatch):
    from openrhip.kernel.errors import NotVerified

    archive.deposit(*contents(2), at=day(2026))
    other = Era(2026, 2031)
    archive.era = other
    with clock.frozen(day(2026, 3, 2)), pytest.raises(NotVerified):
        running.run()
    assert EvidenceTree.objects.get().token is None


def test_only_one_process_preserves_at_a_time(archive):
    with means.alone():
        assert keep_evidence() == 0
        with pytest.raises(Conflict):
            running.run()


@pytest.fixture
def decades(archive):
    """Two nights of 2026, renewed by the chore in 2030 and 2038, re-hashed in 2040."""
    rows = archive.deposit(*contents(4), at=day(2026))
    archive.turns(day(2026, 3, 2, 20))
    rows += archive.deposit(*contents(3, "second "), at=day(2026, 3, 3))
    archive.turns(day(2026, 3, 4, 20))
    archive.era = ERAS[1]
    archive.turns(day(2029, 3, 1))
    assert archive.stamps == 2, "not due yet"
    archive.turns(day(2030, 10, 1))
    archive.era = ERAS[2]
    archive.turns(day(2038, 10, 1))
    assert archive.stamps == 4, "one timestamp for both trees each time"
    archive.set(evidence_algorithm="sha3_256", evidence_algorithm_ends="sm3=2040-06-01")
    archive.turns(day(2040, 3, 1))
    assert archive.stamps == 5
    archive.all = [*contents(4), *contents(3, "second ")]
    archive.rows = rows
    return archive


def test_2050_by_the_records_alone(decades):
    policy = Policy.parse("sm3=2040-06-01")
    with clock.frozen(day(2050)):
        for row, content in zip(decades.rows, decades.all, strict=True):
            record = showing.record_of(row.id)
            report = ers.verify(record, [content], trust=decades.trust(), policy=policy)
            assert report.ok, failed(report)
            assert report.proven.year == 2026
            assert [(one.chain, one.algorithm) for one in report.stamps] == [
                (1, "sm3"), (1, "sm3"), (1, "sm3"), (2, "sha3_256"),
            ]  # fmt: skip
            assert showing.verify(row.id, read=True).ok
            shown = showing.of_document(row.id)
            assert [one.chain for one in shown.stamps] == [1, 1, 1, 2]
            assert shown.until == day(2053, 1)
        other = ers.verify(record, [b"another"], trust=decades.trust())
        assert failed(other) == {"ers.document", "ers.rehash"}
    actions = [entry.fields["action"] for entry in decades.ledger.entries]
    assert actions == ["stamp:sm3", "stamp:sm3", "renew:sm3", "renew:sm3", "rehash:sha3_256"]


def test_a_second_rehash_covers_the_first(decades, monkeypatch):
    monkeypatch.setattr(filling, "CHUNK", 2)
    with clock.frozen(day(2042)):
        done = running.rehash(algorithm="sha512", most=3)
        assert (done.documents, done.stamps) == (4, 0), "stopped on the way"
        assert running.rehash(algorithm="sha512") == running.Done(3, 0, 1)
    with clock.frozen(day(2050)):
        for row in decades.rows:
            report = showing.verify(row.id, read=True)
            assert report.ok, failed(report)
            assert [one.algorithm for one in report.stamps][-2:] == ["sha3_256", "sha512"]
        assert showing.status().algorithms == {"sha512": 1}
        assert running.rehash(algorithm="sha512") == running.Done(0, 0, 0)


def test_a_rehash_that_is_killed_goes_on(decades, monkeypatch):
    monkeypatch.setattr(filling, "CHUNK", 2)
    read = []
    whole = filling.digest_hex

    def some(document_id, algorithm):
        if len(read) == 3:
            raise KeyboardInterrupt
        read.append(document_id)
        return whole(document_id, algorithm)

    with clock.frozen(day(2042)):
        with monkeypatch.context() as patch:
            patch.setattr(filling, "digest_hex", some)
            with pytest.raises(KeyboardInterrupt):
                running.rehash(algorithm="sha512")
        assert running.rehash(algorithm="sha512").stamps == 1
        assert all(showing.verify(row.id).ok for row in decades.rows)
    assert EvidenceLeaf.objects.filter(generation=2).count() == 7


SHA512 = digests.by_name("sha512").oid


def test_an_algorithm_that_the_authority_does_not_stamp(decades):
    decades.refused = {SHA512}
    with clock.frozen(day(2042)), pytest.raises(Refused):
        running.rehash(algorithm="sha512")
    assert not EvidenceTree.objects.filter(algorithm="sha512").exists(), "nothing was read for it"


def test_a_tree_that_cannot_be_stamped_holds_up_nothing(decades, monkeypatch):
    with clock.frozen(day(2042)):
        with monkeypatch.context() as patch:
            patch.setattr(trees, "finish_next", lambda: 0)
            running.rehash(algorithm="sha512")
        decades.refused = {SHA512}
        [new] = decades.deposit(b"new", at=day(2042, hour=1))
        with pytest.raises(Refused):
            running.run()
        assert showing.verify(new.id).ok
        assert all(showing.verify(row.id).ok for row in decades.rows), "by the older trees"
        assert running.abandon() == 7
        assert running.abandon() == 0
        decades.refused = set()
        running.rehash(algorithm="sha512")
        assert all(showing.verify(row.id, read=True).ok for row in [*decades.rows, new])


def test_a_renewal_overtaken_by_a_rehash_leaves_no_trace(archive, monkeypatch):
    """The re-hash is over the older evidence as it was: a later renewal of that would break it."""
    rows = archive.deposit(*contents(3), at=day(2026))
    archive.turns(day(2026, 3, 2, 20))
    archive.era = ERAS[1]
    with clock.frozen(day(2030)):
        archive.refused = {digests.SM3.oid}
        with pytest.raises(Refused):
            running.renew(before=day(2032))
        assert EvidenceTree.objects.filter(kind=EvidenceTree.RENEWAL).count() == 1
        assert all(showing.verify(one.id).ok for one in rows)
        assert running.rehash(algorithm="sha256").stamps == 1
        archive.refused = set()
        running.run()
        assert not EvidenceTree.objects.filter(kind=EvidenceTree.RENEWAL).exists()
        assert all(showing.verify(one.id, read=True).ok for one in rows)


def test_renewal_that_was_left_out_is_named(archive):
    [row] = archive.deposit(b"one", at=day(2026))
    archive.turns(day(2026, 3, 2, 20))
    with clock.frozen(day(2033)):
        assert "ers.renewal" in failed(showing.verify(row.id))
        [warning] = [en for _, en in showing.status().warnings if "ended" in en]
        assert "2031-01-01" in warning
    archive.era = ERAS[1]
    with clock.frozen(day(2033)):
        assert running.renew(before=day(2035)).renewed == 1
        report = showing.verify(row.id)
        assert "ers.renewal" in failed(report), "too late is too late"
        assert report.proven == day(2033), "but from then on it is proven"


def test_a_changed_node_or_document_is_named(decades):
    row = decades.rows[0]
    with clock.frozen(day(2050)):
        found = ers.read(showing.record_of(row.id))
        stamp = found.stamps()[0]
        value = bytes([stamp.lists[-1][0][0] ^ 1]) + stamp.lists[-1][0][1:]
        from dataclasses import replace

        broken = replace(stamp, lists=(*stamp.lists[:-1], (value,)), raw=b"")
        record = replace(found, chains=((broken, *found.chains[0][1:]), found.chains[1]))
        report = ers.verify(record, [decades.all[0]], trust=decades.trust())
        assert failed(report) >= {"tsp.imprint", "ers.rehash"}


def test_a_night_that_was_made_up_later_is_not_in_the_ledger(decades):
    row = decades.rows[0]
    assert [one.code for one in showing.entered(row.id)] == ["evidence.entry"] * 4
    assert all(one.ok for one in showing.entered(row.id))
    tree = EvidenceTree.objects.order_by("pk").first()
    EvidenceTree.objects.filter(pk=tree.pk).update(root=tree.root[::-1])
    assert [one.ok for one in showing.entered(row.id)].count(False) == 1
    other = EvidenceTree.objects.order_by("pk").last()
    EvidenceTree.objects.filter(pk=tree.pk).update(
        root=other.root, leaf={**other.leaf}, receipt=tree.receipt
    )
    assert any(one.code.startswith("ledger.") for one in showing.entered(row.id) if not one.ok)


def test_a_renewal_that_gains_nothing_is_not_repeated_all_day(archive):
    archive.deposit(b"one", at=day(2026))
    archive.turns(day(2026, 3, 2, 20))
    archive.turns(day(2030, 10, 1))
    assert archive.stamps == 2
    archive.turns(day(2030, 10, 2))
    assert archive.stamps == 2
    archive.turns(day(2030, 10, 20))
    assert archive.stamps == 3
    with clock.frozen(day(2030, 10, 20)):
        assert any("must change" in en for _, en in showing.status().warnings)


def test_new_evidence_by_another_algorithm_reads_the_documents(archive):
    archive.set(evidence_algorithm="sha256")
    rows = archive.deposit(*contents(3), at=day(2026))
    archive.turns(day(2026, 3, 2))
    with clock.frozen(day(2026, 3, 2)):
        for row, content in zip(rows, contents(3), strict=True):
            record = ers.read(showing.record_of(row.id))
            assert record.algorithms == () or record.used() == (digests.by_name("sha256").oid,)
            assert ers.verify(record, [content], trust=archive.trust()).ok


def test_status_counts(archive):
    with clock.frozen(day(2026, 3, 5)):
        empty = showing.status()
        assert (empty.documents, empty.pending, empty.warnings) == (0, 0, ())
    archive.deposit(*contents(3), at=day(2026))
    with clock.frozen(day(2026, 3, 2)):
        assert showing.status().warnings == (), "tonight will do"
    with clock.frozen(day(2026, 3, 5)):
        assert [en for _, en in showing.status().warnings] == [
            "records of more than 36 hours ago have no evidence: no nightly run has ended"
        ]
    archive.turns(day(2026, 3, 5, 20))
    with clock.frozen(day(2026, 3, 6)):
        found = showing.status()
        assert (found.documents, found.pending, found.trees, found.unfinished) == (3, 0, 1, 0)
        assert found.next_renewal == day(2031, 1)
        assert found.as_dict()["algorithms"] == {"sm3": 1}


def test_unknown_documents_and_settings(archive):
    with pytest.raises(Malformed):
        showing.of_document("x")
    with pytest.raises(NotFound):
        showing.of_document(ids.new_id())
    [row] = archive.deposit(b"one", at=day(2026))
    with pytest.raises(NotFound):
        showing.of_document(row.id)
    with pytest.raises(NotFound):
        showing.record_of(row.id)
    with pytest.raises(Malformed):
        running.rehash(algorithm="md5")
    for name, value in (
        ("evidence_at", "noon"), ("evidence_margin_days", "0"), ("evidence_algorithm", "md5"),
        ("evidence_algorithm_ends", "sm3"),
    ):  # fmt: skip
        archive.set(**{name: value})
        with pytest.raises(Misconfigured):
            {"evidence_at": lambda: means.last_due(day(2026)), "evidence_margin_days": means.margin,
             "evidence_algorithm": means.algorithm, "evidence_algorithm_ends": means.policy}[name]()  # fmt: skip
