"""The events of one file."""

import warnings
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from google.protobuf.message import DecodeError
from tensorboard.compat.proto.event_pb2 import Event

from src.history.records import Records
from src.history.warning import HistoryWarning


def read_events(path: Path) -> Iterator[Event]:
    """Events of a file up to its end or to the first damage, of which a ``HistoryWarning`` tells.

    A record may be damaged in its frame, or be whole and hold something else than an event.
    """
    records = Records(path)
    understood = 0
    for data in records:
        try:
            event = Event.FromString(data)
        except DecodeError:
            break
        understood = records.complete
        yield event
    if understood < records.size:
        warnings.warn(
            f"{path}: incomplete after byte {understood} of {records.size} (the run was "
            "stopped while writing, or is writing now); the records before were read",
            HistoryWarning,
            stacklevel=6,
        )


def files_in_order(directory: Path) -> list[Path]:
    """Event files by the time of their first event; those without one are left out."""
    begun = {}
    for path in directory.glob("*tfevents*"):
        for event in islice(read_events(path), 1):
            begun[path] = event.wall_time
    return sorted(begun, key=lambda path: (begun[path], path))
