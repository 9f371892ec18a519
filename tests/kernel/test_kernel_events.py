"""Outbox and write gate: at least once, nothing lost, one writer."""

from datetime import timedelta

import pytest

from openrhip.kernel import clock, events
from openrhip.kernel.database import writing
from openrhip.kernel.models import Outbox

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_subscribers(monkeypatch):
    monkeypatch.setattr(events, "_subscribers", {})


def test_an_event_reaches_each_subscriber_once():
    got = []
    events.subscribe("born", name="a", handler=lambda payload: got.append(("a", payload["id"])))
    events.subscribe("born", name="b", handler=lambda payload: got.append(("b", payload["id"])))
    events.publish("born", {"id": "1"})
    assert events.deliver_due() == 2
    assert events.deliver_due() == 0
    assert sorted(got) == [("a", "1"), ("b", "1")]


def test_no_subscriber_no_row():
    events.publish("unheard", {})
    assert not Outbox.objects.exists()


def test_a_failing_handler_is_tried_again_later_and_its_writes_are_undone():
    calls = []

    def handler(payload):
        Outbox.objects.create(
            kind="trace",
            subscriber="x",
            payload={},
            made_at=clock.now(),
            due_at=clock.now() + timedelta(days=9),
        )
        calls.append(payload)
        if len(calls) == 1:
            raise RuntimeError("not now")

    events.subscribe("born", name="a", handler=handler)
    events.publish("born", {"id": "1"})
    assert events.deliver_due() == 0
    assert not Outbox.objects.filter(kind="trace").exists()
    row = Outbox.objects.get(kind="born")
    assert (row.attempts, row.last_error) == (1, "RuntimeError")
    with clock.frozen(clock.now() + timedelta(seconds=5)):
        assert events.deliver_due() == 1
    assert Outbox.objects.filter(kind="trace").count() == 1


def test_an_unwired_event_is_kept():
    events.subscribe("born", name="a", handler=lambda payload: None)
    events.publish("born", {})
    events._subscribers.clear()
    assert events.deliver_due() == 0
    assert Outbox.objects.get().last_error == "no such subscriber is wired"


def test_an_event_goes_with_its_transaction():
    events.subscribe("born", name="a", handler=lambda payload: None)
    with pytest.raises(RuntimeError), writing():
        events.publish("born", {})
        raise RuntimeError
    assert not Outbox.objects.exists()
