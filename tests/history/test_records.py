"""Frames of event files, against TensorBoard's own reader and writer."""

import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.tensorflow_stub.pywrap_tensorflow import PyRecordReader_New
from tensorboard.summary.writer.event_file_writer import EventFileWriter
from tensorboard.summary.writer.record_writer import RecordWriter as TensorBoardsWriter

from src.history.records import FRAME, Records, RecordWriter, record

DATA = [b"", b"a", b"some event", bytes(range(256)) * 40]


@given(st.binary(max_size=300))
def test_a_record_is_what_tensorboard_writes(data):
    class Kept:
        def __init__(self):
            self.data = b""

        def write(self, data):
            self.data += data

    kept = Kept()
    TensorBoardsWriter(kept).write(data)
    assert record(data) == kept.data


def test_tensorboard_reads_what_is_written(tmp_path):
    writer = RecordWriter(tmp_path)
    for data in DATA:
        writer.write(data)
    writer.close()
    reader = PyRecordReader_New(str(writer.path))
    for data in DATA:
        reader.GetNext()
        assert reader.record() == data
    assert list(Records(writer.path)) == DATA


def test_what_tensorboard_writes_is_read(tmp_path):
    writer = EventFileWriter(str(tmp_path))
    for step in range(5):
        writer.add_event(Event(step=step, wall_time=step))
    writer.close()
    (path,) = tmp_path.iterdir()
    records = Records(path)
    events = [Event.FromString(data) for data in records]
    assert [event.step for event in events] == [0, *range(5)]  # the version stands first
    assert records.complete == records.size


@pytest.mark.parametrize("place", range(0, 3 * (FRAME + 4)))
def test_a_wrong_byte_ends_the_reading_before_its_record(tmp_path, place):
    path = tmp_path / "file"
    whole = b"".join(record(data) for data in (b"wxyz", b"1234", b"abcd"))
    path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x40]) + whole[place + 1 :])
    records = Records(path)
    assert list(records) == [b"wxyz", b"1234", b"abcd"][: place // (FRAME + 4)]
    assert records.complete == place // (FRAME + 4) * (FRAME + 4)


def test_files_of_one_second_have_names_in_order(tmp_path):
    paths = []
    for _ in range(12):
        writer = RecordWriter(tmp_path)
        writer.close()
        paths.append(writer.path)
    assert paths == sorted(paths, key=lambda path: path.name)
    assert len(set(paths)) == 12


def test_a_closed_writer_leaves_no_open_file(tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("error", ResourceWarning)
        writer = RecordWriter(tmp_path / "new" / "folder")
        writer.write(b"data")
        writer.close()
        del writer
