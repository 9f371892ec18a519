"""The table of states and the durable queue."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openrhip.agent.queue import Lock, Queue
from openrhip.agent.rules import (
    FINAL,
    LONGEST_WAIT,
    NEXT,
    Form,
    State,
    check_step,
    wait_seconds,
)
from openrhip.kernel import clock
from openrhip.kernel.errors import Conflict, NotFound


@pytest.fixture
def queue(tmp_path):
    made = Queue(tmp_path / "work" / "queue.sqlite3")
    yield made
    made.close()


def admit(queue, key="a" * 64, name="a.xml"):
    return queue.admit(name=name, form=Form.CDA, source_key=key)


def test_only_an_operator_leaves_a_refusal_and_nothing_leaves_an_acknowledgement():
    assert NEXT[State.ACKNOWLEDGED] == frozenset()
    assert {State.ACKNOWLEDGED, State.REFUSED} == FINAL
    assert set(NEXT) == set(State)


@given(st.sampled_from(State), st.sampled_from(State))
def test_steps_outside_the_table_conflict(old, new):
    if new in NEXT[old]:
        check_step(old, new)
    else:
        with pytest.raises(Conflict):
            check_step(old, new)


@given(st.integers(0, 10_000), st.floats(0, 0.999))
def test_waiting_grows_is_bounded_and_spread(attempts, draw):
    wait = wait_seconds(attempts, draw=draw)
    assert 0.5 <= wait <= LONGEST_WAIT
    if attempts < 8:
        assert wait_seconds(attempts + 1, draw=draw) > wait


def test_the_same_bytes_are_one_job(queue):
    first = admit(queue)
    assert admit(queue, name="copy.xml").id == first.id
    assert queue.counts()["seen"] == 1


def test_a_job_walks_through_its_states_and_each_is_kept(queue):
    job = admit(queue)
    job = queue.step(job, State.LAID_OUT, laid_out_key="b" * 64)
    job = queue.step(job, State.SEALED, sealed_key="c" * 64, sealed_size=7)
    job = queue.step(job, State.UPLOADING, upload_id="u")
    job = queue.step(job, State.ACKNOWLEDGED, answer={"accepted": True, "名": "值"})
    assert job.answer == {"accepted": True, "名": "值"}
    assert [state for _, state, _ in queue.steps(job.id)] == [
        "seen", "laid-out", "sealed", "uploading", "acknowledged",
    ]  # fmt: skip
    assert queue.due() == []


def test_a_step_from_an_old_view_conflicts(queue):
    old = admit(queue)
    queue.step(old, State.LAID_OUT, laid_out_key="b" * 64)
    with pytest.raises(Conflict):
        queue.step(old, State.SEALED, sealed_key="c" * 64)


def test_a_step_sets_only_its_own_fields(queue):
    with pytest.raises(Conflict):
        queue.step(admit(queue), State.LAID_OUT, name="other")


def test_what_is_postponed_is_not_due_until_its_time(queue):
    job = queue.postpone(admit(queue), "the centre does not answer")
    assert job.attempts == 1
    assert queue.due() == []
    with clock.frozen(clock.now() + timedelta(minutes=10)):
        [due] = queue.due()
        assert due.problem == "the centre does not answer"
    assert queue.hurry() == 1
    assert [one.id for one in queue.due()] == [job.id]


def test_a_step_clears_the_problem_and_the_attempts(queue):
    job = queue.postpone(admit(queue), "trouble")
    job = queue.step(job, State.LAID_OUT, laid_out_key="b" * 64)
    assert (job.problem, job.attempts) == ("", 0)


def test_the_queue_is_on_disk_when_the_step_returns(queue):
    job = queue.step(admit(queue), State.LAID_OUT, laid_out_key="b" * 64)
    again = Queue(queue.path)
    assert again.job(job.id) == job
    assert again._db.pragma("synchronous") == 2  # FULL
    again.close()


def test_unknown_jobs_are_not_found(queue):
    with pytest.raises(NotFound):
        queue.job("nobody")
    assert queue.find(source_key="0" * 64) is None


def test_the_lock_lets_one_in_and_goes_with_its_holder(tmp_path):
    first = Lock(tmp_path / "lock")
    with pytest.raises(Conflict):
        Lock(tmp_path / "lock")
    first.release()
    first.release()
    Lock(tmp_path / "lock").release()
