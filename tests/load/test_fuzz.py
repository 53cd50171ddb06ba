"""Damaged files: 2,000 mutations of each kind, with fixed seeds.

None ends in a traceback, none takes long, and nothing is lost in silence: what was read is
accounted for, or the file is refused in one line that names it.
"""

import io
import struct
import time
import warnings
from contextlib import closing

import numpy as np
import pytest
from tensorboard.compat.proto.event_pb2 import Event

from src.history import HistoryWarning, TrainingHistoryReader, TrainingHistoryWriter
from src.history.records import Records
from src.load import UnreadableDataError, read_data, read_idx
from tests.load.accounts import check_accounts, check_refusal
from tests.load.photos import save
from tests.load.yolo_sets import yolo_set

MUTATIONS = 2000
SECONDS = 2.0
"""That no file may take, whatever is in it; all of them take milliseconds."""

TOKENS = [
    b",",
    b'"',
    b"\n",
    b"\r\n",
    b";",
    b"\0",
    b"\xff",
    b"nan",
    b"-1",
    b"1e999",
    b": ",
    b"[",
    b"]",
]
TOKENS += [b"{", b"&a", b"*a", b"%", b"\t", b"'", b"../", b"\xef\xbb\xbf", b"\xff\xfe", b"9" * 30]


def mutated(content, rng):
    """One to four changes: bits, bytes, tokens put in, parts cut out, doubled or cut off."""
    data = bytearray(content)
    for _ in range(rng.integers(1, 5)):
        place = int(rng.integers(len(data) + 1))
        end = min(len(data), place + int(rng.integers(1, 20)))
        match rng.integers(6):
            case 0 if data:
                data[place % len(data)] ^= 1 << int(rng.integers(8))
            case 1:
                data[place:place] = TOKENS[rng.integers(len(TOKENS))]
            case 2:
                del data[place:end]
            case 3:
                data[place:place] = data[place:end]
            case 4:
                data[place:end] = rng.bytes(end - place)
            case 5:
                del data[place:]
    return bytes(data)


def fuzz(content, check, seed):
    """Check all mutations; returns how many were read."""
    rng = np.random.default_rng(seed)
    read = 0
    for _ in range(MUTATIONS):
        data = mutated(content, rng)
        start = time.perf_counter()
        try:
            check(data)
            read += 1
        except UnreadableDataError as error:
            check_refusal(error)
        assert time.perf_counter() - start < SECONDS, data
    return read


@pytest.fixture
def photos(tmp_path):
    for k in range(4):
        save(tmp_path / "images" / f"{k}.png", k, width=8, height=6)
    return tmp_path


TABLES = [
    b"path,label\nimages/0.png,a\nimages/1.png,b\nimages/2.png,a\nimages/3.png,b\n",
    b'id;tags;split\r\n0;"a,b";train\r\n1;b;train\r\n2;"a";val\r\n3;b;test\r\n',
    b"filename\tcat\tdog\n0.png\t1\t0\n1.png\t0\t1\n2.png\t1\t1\n3.png\t0\t0\n",
    b"filename,xmin,ymin,xmax,ymax,class\n0.png,1,1,4,4,a\n1.png,2,2,6,5,b\n1.png,0,0,3,3,a\n",
]


@pytest.mark.parametrize("number", range(4))
def test_tables(photos, number, monkeypatch):
    monkeypatch.setattr("tests.load.test_fuzz.MUTATIONS", MUTATIONS // len(TABLES))

    def check(data):
        (photos / "list.csv").write_bytes(data)
        check_accounts(read_data(photos / "list.csv"))

    assert fuzz(TABLES[number], check, seed=number) > 20


def test_descriptions_of_yolo(tmp_path):
    root = yolo_set(tmp_path, 2)
    text = b"path: .\ntrain: images/train\nval: [images/val]\nnames:\n  0: cat\n  1: dog\nnc: 2\n"

    def check(data):
        (root / "data.yaml").write_bytes(data)
        dataset = check_accounts(read_data(root / "data.yaml"))
        assert all(isinstance(name, str) for name in dataset.class_names)

    assert fuzz(text, check, seed=10) > 200


@pytest.mark.parametrize("objects", [True, False])
def test_labels_of_yolo(tmp_path, objects, monkeypatch):
    monkeypatch.setattr("tests.load.test_fuzz.MUTATIONS", MUTATIONS // 2)
    root = yolo_set(tmp_path, 2)
    text = b"0 0.5 0.5 0.4 0.4\n1 0.1 0.1 0.5 0.1 0.5 0.6\n1 0.25 0.25 0.5 0.5 0.9\n"

    def check(data):
        (root / "labels/train/0.txt").write_bytes(data)
        check_accounts(read_data(root, objects=objects))

    assert fuzz(text, check, seed=20) == MUTATIONS  # three other images are sound


def test_idx_files(tmp_path):
    values = np.arange(24, dtype=np.uint8).reshape(4, 3, 2)
    content = bytes([0, 0, 8, 3]) + struct.pack(">3I", 4, 3, 2) + values.tobytes()

    def check(data):
        (tmp_path / "a").write_bytes(data)
        array = read_idx(tmp_path / "a")
        size = 4 + 4 * array.ndim + array.nbytes
        assert size == len(data)  # no byte is lost

    fuzz(content, check, seed=30)


def test_npy_files(tmp_path):
    def saved(array):
        stream = io.BytesIO()
        np.save(stream, array)
        return stream.getvalue()

    content = saved(np.arange(72, dtype=np.uint8).reshape(6, 4, 3))
    (tmp_path / "Y.npy").write_bytes(saved(np.arange(6) % 3))

    def check(data):
        (tmp_path / "X.npy").write_bytes(data)
        dataset = check_accounts(read_data(tmp_path))
        assert len(dataset.targets) == len(dataset.images)

    fuzz(content, check, seed=40)


def test_event_files(tmp_path):
    with TrainingHistoryWriter(tmp_path / "run") as writer:
        for epoch in range(1, 4):
            writer.write_cost(epoch, 1 / epoch)
    (path,) = (tmp_path / "run" / "cost").iterdir()
    content = path.read_bytes()
    sound = len(TrainingHistoryReader(tmp_path / "run").get_costs())

    def check(data):
        path.write_bytes(data)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            costs = TrainingHistoryReader(tmp_path / "run").get_costs()
        assert {warning.category for warning in caught} <= {HistoryWarning}
        records = Records(path)
        whole = sum(1 for _ in records)
        if records.complete < len(data):
            assert caught, "damage is said"
        assert len(costs) <= max(sound, whole)

    assert fuzz(content, check, seed=50) == MUTATIONS


def test_a_record_that_is_no_event_is_said(tmp_path):
    from src.history.records import RecordWriter

    with closing(RecordWriter(tmp_path / "run" / "cost")) as writer:
        writer.write(Event(wall_time=1.0).SerializeToString())
        writer.write(b"\xff\xff\xff no event")
    with pytest.warns(HistoryWarning, match="incomplete after byte"):
        TrainingHistoryReader(tmp_path / "run").get_costs()
