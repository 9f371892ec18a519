"""Races between processes, provoked one by one."""

import pytest

from openrhip.directory import service as directory
from openrhip.directory.models import Nonce
from openrhip.directory.service import Purpose
from openrhip.kernel import clock
from openrhip.kernel.errors import Conflict, NotVerified
from openrhip.records import service
from openrhip.records.models import Access, Document
from openrhip.records.service import depositing, entering


@pytest.fixture
def archived(centre, jinling, treated_at, summary_v1):
    number = service.deposit(institution=jinling, content=summary_v1).number
    treated_at(number, jinling)
    return number


@pytest.mark.django_db(transaction=True)
def test_a_nonce_used_by_another_process_a_moment_ago(archived, centre, doctor, monkeypatch):
    """The look shows it unused; the insert finds it used: nothing is released."""
    Nonce.objects.create(institution=doctor.institution_code, nonce="a" * 32, used_at=clock.now())
    monkeypatch.setattr(entering.nonces, "used_nonces", lambda _nonces: set())
    with pytest.raises(NotVerified):
        service.disclose(
            who=doctor, document_id=archived, purpose=Purpose.TREATMENT, nonce="a" * 32
        )
    assert not Access.objects.exists()
    made = service.disclose(
        who=doctor, document_id=archived, purpose=Purpose.TREATMENT, nonce="b" * 32
    )
    assert Access.objects.get().id == made.access_id


@pytest.mark.django_db(transaction=True)
def test_the_same_bytes_deposited_twice_at_once(centre, jinling, summary_v1, monkeypatch):
    """Both pass the first look; the second to insert answers with the first's receipt."""
    archived, first = depositing.archived, []

    def look(**about):
        if not first:
            first.append(None)
            monkeypatch.setattr(depositing, "archived", archived)
            first[0] = service.deposit(institution=jinling, content=summary_v1)
            return None
        return archived(**about)

    monkeypatch.setattr(depositing, "archived", look)
    # The version check would see the first one; both were examined before either was kept.
    monkeypatch.setattr(depositing, "_prior", lambda *_: None)
    second = service.deposit(institution=jinling, content=summary_v1)
    assert second.number == first[0].number
    assert Document.objects.count() == 1
    assert [entry.kind for entry in centre.ledger.entries] == ["deposit"]


@pytest.mark.django_db(transaction=True)
def test_two_seals_of_one_record_at_once(centre, pki, samples, jinling, summary_v1, monkeypatch):
    """Different bytes of one record: the later one conflicts, and its next try is refused."""
    again = pki.sealed(samples["C0053/wang-jl-1.xml"])
    service.deposit(institution=jinling, content=summary_v1)
    with monkeypatch.context() as patched:
        patched.setattr(depositing, "_prior", lambda *_: None)
        with pytest.raises(Conflict):
            service.deposit(institution=jinling, content=again)
    assert Document.objects.count() == 1
    assert not service.deposit(institution=jinling, content=again).accepted
    stored = list((centre.home / "files").glob("??/??/*"))
    assert len(stored) == 1, "the loser's bytes were left behind"


def test_old_nonces_and_uploads_are_swept(centre, jinling):
    from datetime import timedelta

    directory.use_nonce(institution=jinling, nonce="c" * 32)
    service.begin_upload(institution=jinling, size=10, digest="d" * 64, media="ofd")
    assert directory.sweep_nonces() == 0
    assert service.sweep_uploads() == 0
    with clock.frozen(clock.now() + timedelta(days=8)):
        assert directory.sweep_nonces() == 1
        assert service.sweep_uploads() == 1
