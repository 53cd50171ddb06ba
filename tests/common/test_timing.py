"""What is timed side by side is called in turn, and the first call is not counted."""

from src.common import timing
from src.common.timing import interleaved_seconds


def test_calls_take_turns_and_medians_leave_out_the_first(monkeypatch):
    seen = []
    now = iter(range(1000))
    length = {"a": iter([90, 3, 1, 2]), "b": iter([90, 5, 5, 8])}

    def call(name):
        seen.append(name)
        for _ in range(next(length[name]) - 1):
            next(now)

    monkeypatch.setattr(timing.time, "perf_counter", lambda: float(next(now)))
    assert interleaved_seconds([lambda: call("a"), lambda: call("b")], turns=3) == [2, 5]
    assert seen == ["a", "b"] * 4
