"""The line: bounded, first come first served, fair shares, one worker left to predictions."""

import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from src.serve.service.jobs import ExplainJob, PredictJob, Problem
from src.serve.service.limits import Limits
from src.serve.service.waiting import TOGETHER, Line


def photo(name="a"):
    return PredictJob("model", str(name), b"")


def explanation(name="e"):
    return ExplainJob("model", str(name), b"", "grad_cam")


def names(taken):
    return [waiting.job.name for waiting in taken]


def test_shares_are_fair_and_in_order():
    line = Line(Limits(), workers=2)
    line.add([photo(k) for k in range(7)])
    assert names(line.take()) == ["0", "1", "2", "3"]
    assert names(line.take()) == ["4", "5"]
    line.add([photo(7)])
    assert names(line.take()) == ["6"]
    assert names(line.take()) == ["7"]
    assert line.working == 8


def test_a_worker_gets_some_at_once_and_not_all():
    line = Line(Limits(), workers=1)
    line.add([photo(k) for k in range(20)])
    assert len(line.take()) == TOGETHER


def test_a_full_line_takes_all_photos_of_a_request_or_none():
    line = Line(Limits(waiting=3), workers=1)
    assert not isinstance(line.add([photo(), photo()]), Problem)
    full = line.add([photo(), photo()])
    assert isinstance(full, Problem)
    assert (full.status, len(line)) == (503, 2)
    assert full.again >= 1
    assert not isinstance(line.add([photo()]), Problem)


def test_explanations_have_places_and_workers_of_their_own():
    line = Line(Limits(waiting_explanations=2), workers=2)
    line.add([explanation(1)])
    line.add([explanation(2)])
    assert isinstance(line.add([explanation(3)]), Problem)
    line.add([photo()])
    first = line.take()
    assert names(first) == ["1"]
    assert names(line.take()) == ["a"]  # though the second explanation is older
    line.done(first[0], 1.0)
    assert names(line.take()) == ["2"]


def test_the_only_worker_explains_too():
    line = Line(Limits(), workers=1)
    line.add([explanation()])
    assert names(line.take()) == ["e"]


def test_cancelled_jobs_are_neither_done_nor_counted():
    line = Line(Limits(waiting=2), workers=1)
    added = line.add([photo(1), photo(2)])
    added[0].answer.cancel()
    assert not isinstance(line.add([photo(3)]), Problem)
    assert names(line.take()) == ["2", "3"]
    for job in line.add([photo(4)]):
        job.answer.cancel()
    line.close()
    assert line.take() == []


def test_who_waits_too_long_is_answered():
    line = Line(Limits(waiting_seconds=0.05), workers=1)
    (old,) = line.add([photo(1)])
    time.sleep(0.1)
    line.add([photo(2)])
    assert names(line.take()) == ["2"]
    assert old.answer.result(0).status == 503


def test_what_is_given_back_comes_first():
    line = Line(Limits(), workers=1)
    line.add([photo(1), photo(2), photo(3)])
    taken = line.take()
    line.add([photo(4)])
    line.give_back(taken[1:])
    assert line.working == 1
    assert names(line.take()) == ["2", "3", "4"]


def test_an_explanation_that_is_given_back_is_one_no_longer_taken():
    line = Line(Limits(waiting_seconds=0.05), workers=2)
    line.add([explanation(1)])
    line.give_back(line.take())
    assert (line.explaining, line.working, len(line)) == (0, 0, 1)
    time.sleep(0.1)
    line.give_up_old()
    line.add([explanation(2)])
    assert names(line.take()) == ["2"]


def test_what_is_given_back_after_the_end_is_answered():
    line = Line(Limits(), workers=1)
    added = line.add([photo(1), photo(2)])
    taken = line.take()
    line.close()
    line.fail_all(Problem(503, "stopped"))
    line.give_back(taken[1:])
    assert added[1].answer.result(0).message == "stopped"


def test_more_photos_than_places_are_refused_for_good():
    refused = Line(Limits(waiting=2), workers=1).add([photo()] * 3)
    assert (refused.status, refused.again) == (413, 0)


def test_jobs_that_are_no_longer_wanted_are_not_taken():
    line = Line(Limits(), workers=1)
    line.add([photo(1)])
    assert line.take(lambda: False) is None
    assert len(line) == 1


def test_thousands_of_cancelled_jobs_are_passed_over():
    line = Line(Limits(waiting=20_000, waiting_explanations=20_000), workers=1)
    for jobs in ([photo(k) for k in range(9000)], [explanation(k) for k in range(9000)]):
        for waiting in line.add(jobs):
            waiting.answer.cancel()
    line.add([photo("last")])
    assert names(line.take()) == ["last"]


def test_a_closed_line_is_emptied_and_takes_nothing():
    line = Line(Limits(), workers=1)
    line.add([photo(1)])
    line.close()
    assert line.add([photo(2)]).status == 503
    assert names(line.take()) == ["1"]
    assert line.take() == []


def test_a_worker_waits_for_a_job():
    line = Line(Limits(), workers=1)
    found = []
    thread = threading.Thread(target=lambda: found.append(names(line.take())))
    thread.start()
    line.add([photo(5)])
    thread.join(5)
    assert found == [["5"]]


@pytest.mark.parametrize("workers", [1, 2, 5])
@given(data=st.data())
def test_every_job_is_answered_once(workers, data):
    line = Line(Limits(waiting=20, waiting_explanations=3), workers)
    added, taken, refused = [], [], 0
    for turn in range(30):
        act = data.draw(st.sampled_from(["photos", "explain", "take", "done", "back", "cancel"]))
        if act in ("photos", "explain"):
            count = data.draw(st.integers(1, 9)) if act == "photos" else 1
            made = [photo(turn) if act == "photos" else explanation(turn) for _ in range(count)]
            found = line.add(made)
            refused += isinstance(found, Problem)
            added += [] if isinstance(found, Problem) else found
        elif act == "take" and len(line) and (line.explaining < max(workers - 1, 1)):
            live = [one for one in added if not one.answer.done() and one not in taken]
            if live:
                taken += line.take()
        elif act == "done" and taken:
            one = taken.pop(0)
            line.done(one, 0.1)
            one.set({})
        elif act == "back" and taken:
            line.give_back([taken.pop()])
        elif act == "cancel" and added:
            data.draw(st.sampled_from(added)).answer.cancel()
    assert line.working == len(taken)
    line.close()
    while True:
        for one in taken:
            line.done(one, 0.1)
            one.set({})
        taken = line.take()
        if not taken:
            break
    assert all(one.answer.done() for one in added)
    assert line.working == line.explaining == len(line) == 0
