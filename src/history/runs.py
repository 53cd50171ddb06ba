"""Finding a run by what people call it: its history, or the folder with its results."""

import difflib
import json
import os
from pathlib import Path
from typing import NamedTuple

from tensorboard.compat.proto.event_pb2 import SessionLog
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.plugins.hparams import metadata, plugin_data_pb2

from src.history.events import files_in_order, read_events
from src.history.tags import FINDINGS, SCALARS


class UnknownRunError(ValueError):
    """There is no such run; the text says what was expected."""


def is_run(directory: Path) -> bool:
    """Whether a directory is a run's history."""
    return any(any((directory / kind).glob("*tfevents*")) for kind in SCALARS)


def find_run(path: Path) -> Path:
    """The directory of a run's history.

    Args:
        path: that directory, or the one with the run's results, whose ``config.json`` tells.

    A directory of event files that another program wrote counts too.

    Raises UnknownRunError: it is nothing of this, or holds several runs.
    """
    if not path.exists():
        raise UnknownRunError(f"{path}: no such directory{_similar(path)}")
    if is_run(path):
        return path
    try:
        recorded = json.loads((path / "config.json").read_text(encoding="utf-8"))[
            "history_directory"
        ]
    except (OSError, ValueError, KeyError, TypeError):
        recorded = None
    if isinstance(recorded, str):
        history = Path(os.path.normpath(path / recorded))
        if is_run(history):
            return history
        raise UnknownRunError(f"{path}: its history is no longer at {history}")
    files = list(path.rglob("*tfevents*")) if path.is_dir() else []
    inside = sorted({file.parent.parent for file in files} - {path})
    runs = [directory for directory in inside if is_run(directory)]
    if len(runs) == 1:
        return runs[0]
    if runs:
        names = ", ".join(str(run) for run in runs[-3:])
        raise UnknownRunError(f"{path} holds {len(runs)} runs, expected one, for example {names}")
    if files and all(len(file.relative_to(path).parts) <= 2 for file in files):
        return path  # of another program, perhaps with train and validation
    raise UnknownRunError(
        f"{path} is no run: expected a directory of --log-dir or --output-dir, with event files "
        f"in {', '.join(SCALARS[:3])} or a config.json"
    )


class Notes(NamedTuple):
    """What a run records of itself in addition to its numbers.

    Attributes:
        settings: by name, the last ones if it was resumed with others; none if it recorded none.
        findings: of the diagnosis so far, a line each.
    """

    settings: dict[str, str | float | bool]
    findings: list[str]


def notes_of(run: Path) -> Notes:
    """Read the notes of a run; those of epochs that it went back before are out of date."""
    found: list[tuple[int, Summary.Value]] = []
    for file in files_in_order(run):
        for event in read_events(file):
            if event.session_log.status == SessionLog.START:
                resumed = event.step > 1  # else another run begins in a used directory
                found = [(step, value) for step, value in found if resumed and step < event.step]
            found += [(event.step, value) for value in event.summary.value]
    last = {value.tag: value for _, value in found}
    return Notes(
        _settings(last.get(metadata.SESSION_START_INFO_TAG)), _findings(last.get(FINDINGS))
    )


def _settings(value: Summary.Value | None) -> dict[str, str | float | bool]:
    if value is None:
        return {}
    info = plugin_data_pb2.HParamsPluginData.FromString(value.metadata.plugin_data.content)
    settings = info.session_start_info.hparams
    return {name: _plain(settings[name]) for name in sorted(settings)}


def _findings(value: Summary.Value | None) -> list[str]:
    if value is None:
        return []
    lines = value.tensor.string_val[0].decode().splitlines()
    return [line.removeprefix("- ") for line in lines]


def _plain(value: object) -> str | float | bool:
    kind = value.WhichOneof("kind")  # type: ignore[attr-defined]  # a protobuf Value
    plain: str | float | bool = getattr(value, kind)
    # all numbers are stored as floats; a seed of 3.0 was a 3
    return int(plain) if isinstance(plain, float) and plain.is_integer() else plain


def _similar(path: Path) -> str:
    """A run next to it with a name like it, as a question."""
    if not path.parent.is_dir():
        return ""
    names = [run.name for run in path.parent.iterdir() if run.is_dir()]
    close = difflib.get_close_matches(path.name, names, n=1, cutoff=0.5)
    return f"; is it {path.parent / close[0]}?" if close else ""
