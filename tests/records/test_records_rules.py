"""Parts and pages: pure decisions; group commit; fixed statements."""

import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openrhip.kernel.errors import Conflict, Malformed, Problem, TooLarge
from openrhip.kernel.parts import MAX_PART, Span, admit_part, missing
from openrhip.records.rules import MAX_SIZE, check_upload, page_bounds
from openrhip.records.service.batching import Batcher

spans = st.builds(Span, st.integers(0, 60), st.integers(1, 30))


@given(st.integers(1, 60), st.lists(spans, max_size=6))
def test_what_is_missing_and_what_is_there_cover_the_file(size, received):
    gaps = missing(size, received)
    there = {at for span in received for at in range(span.offset, span.end)}
    gone = {at for gap in gaps for at in range(gap.offset, gap.end)}
    assert gone == set(range(size)) - there
    assert all(gap.size > 0 for gap in gaps)


@given(st.integers(1, 60), st.lists(spans, max_size=4), spans)
def test_an_admitted_part_overlaps_nothing(size, others, part):
    try:
        admit_part(size=size, number=0, part=part, others=others)
    except Problem:
        return
    assert part.end <= size
    assert all(part.end <= other.offset or other.end <= part.offset for other in others)


@pytest.mark.parametrize(
    ("about", "error"),
    [
        ({"size": MAX_SIZE + 1, "digest": "0" * 64, "media": "ofd"}, TooLarge),
        ({"size": 0, "digest": "0" * 64, "media": "ofd"}, Malformed),
        ({"size": 1, "digest": "0" * 63, "media": "ofd"}, Malformed),
        ({"size": 1, "digest": "A" * 64, "media": "ofd"}, Malformed),
        ({"size": 1, "digest": "0" * 64, "media": "exe"}, Malformed),
    ],
)
def test_uploads_that_can_never_be_accepted(about, error):
    with pytest.raises(error):
        check_upload(**about)


def test_parts_have_a_number_and_a_size():
    with pytest.raises(Malformed):
        admit_part(size=9, number=2000, part=Span(0, 1), others=())
    with pytest.raises(TooLarge):
        admit_part(size=MAX_SIZE, number=0, part=Span(0, MAX_PART + 1), others=())
    with pytest.raises(Conflict):
        admit_part(size=9, number=1, part=Span(1, 3), others=[Span(0, 2)])


@pytest.mark.parametrize(("number", "size"), [(0, 20), (1, 0), (1, 101), (10**9, 20)])
def test_absurd_pages_are_malformed(number, size):
    with pytest.raises(Malformed):
        page_bounds(number, size)


# Group commit ----------------------------------------------------------------------------------


def test_those_who_wait_share_the_work():
    sizes, gate = [], threading.Event()

    def work(items):
        sizes.append(len(items))
        gate.wait(5)
        return [item * 2 for item in items]

    batcher = Batcher(work)
    answers = {}
    threads = [
        threading.Thread(target=lambda n=n: answers.update({n: batcher.submit(n)}))
        for n in range(12)
    ]
    for thread in threads:
        thread.start()
    time.sleep(0.2)
    gate.set()
    for thread in threads:
        thread.join(5)
    assert answers == {n: 2 * n for n in range(12)}
    assert len(sizes) < 12
    assert sum(sizes) == 12


def test_each_gets_its_own_failure_and_a_failed_batch_fails_all():
    def work(items):
        if None in items:
            raise Conflict("the batch is broken")
        return [item or Malformed("zero") for item in items]

    batcher = Batcher(work)
    assert batcher.submit(1) == 1
    with pytest.raises(Malformed):
        batcher.submit(0)
    with pytest.raises(Conflict):
        batcher.submit(None)
    assert batcher.submit(2) == 2
