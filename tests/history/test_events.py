"""Event files that are damaged, whole, or still being written."""

import warnings

import pytest
from tensorboard.compat.proto.event_pb2 import Event

from src.history import HistoryWarning, TrainingHistoryReader, TrainingHistoryWriter
from src.history.events import read_events
from src.history.records import record
from src.history.runs import notes_of

NO_EVENT = record(b"\xff whole, but no event")


def event(step):
    return record(Event(step=step, wall_time=step).SerializeToString())


def test_a_whole_file_is_read_without_a_warning(tmp_path):
    path = tmp_path / "events"
    path.write_bytes(b"".join(map(event, range(1, 4))))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert [found.step for found in read_events(path)] == [1, 2, 3]
    path.write_bytes(b"")
    assert list(read_events(path)) == []


def test_a_whole_record_that_is_no_event_ends_the_reading_with_its_place(tmp_path):
    path = tmp_path / "events"
    before = event(1) + event(2)
    path.write_bytes(before + NO_EVENT + event(3))
    place = f"{len(before)} of {path.stat().st_size}"
    with pytest.warns(HistoryWarning, match=f"events: incomplete after byte {place}"):
        assert [found.step for found in read_events(path)] == [1, 2]


@pytest.mark.parametrize("cut", range(1, len(event(3)) + 1))
def test_a_file_that_is_cut_is_read_up_to_its_last_whole_event(tmp_path, cut):
    path = tmp_path / "events"
    path.write_bytes((event(1) + event(2) + event(3))[:-cut])
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert [found.step for found in read_events(path)] == [1, 2]
    assert len(caught) == (cut < len(event(3)))


def test_the_tables_have_what_stands_before_a_record_that_is_no_event(tmp_path):
    with TrainingHistoryWriter(tmp_path / "run") as writer:
        writer.write_cost(1, 0.5)
    (path,) = (tmp_path / "run" / "cost").glob("*tfevents*")
    path.write_bytes(path.read_bytes() + NO_EVENT)
    with pytest.warns(HistoryWarning, match="incomplete after byte") as caught:
        costs = TrainingHistoryReader(tmp_path).get_costs()
    assert list(costs["value"]) == [0.5]
    assert len(caught) == 1


def test_a_file_without_a_whole_event_is_told_of_and_the_others_are_read(tmp_path):
    with TrainingHistoryWriter(tmp_path / "run") as writer:
        writer.write_cost(1, 0.5)
    (path,) = (tmp_path / "run" / "cost").glob("*tfevents*")
    for name, content in (("no event", NO_EVENT), ("cut", event(1)[:-1])):
        other = path.with_name(f"{path.name}.{name}")
        other.write_bytes(content)
        with pytest.warns(HistoryWarning, match=f"{name}: incomplete after byte 0 of") as caught:
            assert list(TrainingHistoryReader(tmp_path).get_costs()["value"]) == [0.5]
        assert len(caught) == 1
        other.unlink()


def test_settings_are_read_from_a_file_that_is_cut_later(tmp_path):
    with TrainingHistoryWriter(tmp_path) as writer:
        writer.write_hyperparameters({"seed": 3}, [])
        writer.write_text(1, "findings", "none")
    (path,) = tmp_path.glob("*tfevents*")
    path.write_bytes(path.read_bytes()[:-3])
    with pytest.warns(HistoryWarning, match="incomplete after byte"):
        assert notes_of(tmp_path).settings == {"seed": 3}
