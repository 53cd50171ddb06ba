"""Finding a run by what people call it: its history, or the folder with its results."""

import difflib
import json
from pathlib import Path

from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.plugins.hparams import metadata, plugin_data_pb2

from src.history.records import Records
from src.history.tags import SCALARS


class UnknownRunError(ValueError):
    """There is no such run; the text says what was expected."""


def is_run(directory: Path) -> bool:
    """Whether a directory is a run's history."""
    return any(any((directory / kind).glob("*tfevents*")) for kind in SCALARS)


def find_run(path: Path) -> Path:
    """The directory of a run's history.

    Args:
        path: that directory, or the one with the run's results, whose ``config.json`` tells.

    Raises UnknownRunError: it is neither, or holds several runs.
    """
    if not path.exists():
        raise UnknownRunError(f"{path}: no such directory{_similar(path)}")
    if is_run(path):
        return path
    try:
        told = json.loads((path / "config.json").read_text(encoding="utf-8"))["history_directory"]
    except (OSError, ValueError, KeyError, TypeError):
        told = None
    if told is not None:
        if is_run(path / told):
            return path / told
        raise UnknownRunError(f"{path}: its history is no longer at {path / told}")
    inside = sorted({file.parent.parent for file in path.rglob("*tfevents*")} - {path})
    runs = [directory for directory in inside if is_run(directory)]
    if len(runs) == 1:
        return runs[0]
    if runs:
        names = ", ".join(str(run) for run in runs[-3:])
        raise UnknownRunError(f"{path} holds {len(runs)} runs, expected one, for example {names}")
    raise UnknownRunError(
        f"{path} is no run: expected a directory of --log-dir or --output-dir, with event files "
        f"in {', '.join(SCALARS[:3])} or a config.json"
    )


def settings_of(run: Path) -> dict[str, str | float | bool]:
    """The settings that a run recorded, by name; none where it recorded none."""
    for file in sorted(run.glob("*tfevents*")):
        for data in Records(file):
            for value in Event.FromString(data).summary.value:
                if value.tag == metadata.SESSION_START_INFO_TAG:
                    content = value.metadata.plugin_data.content
                    info = plugin_data_pb2.HParamsPluginData.FromString(content)
                    settings = info.session_start_info.hparams
                    return {name: _plain(settings[name]) for name in sorted(settings)}
    return {}


def _plain(value: object) -> str | float | bool:
    kind = value.WhichOneof("kind")  # type: ignore[attr-defined]  # a protobuf Value
    plain: str | float | bool = getattr(value, kind)
    # all numbers are stored as floats; a seed of 3.0 was a 3
    return int(plain) if isinstance(plain, float) and plain.is_integer() else plain


def _similar(path: Path) -> str:
    """A run beside it with a name like it, as a question."""
    if not path.parent.is_dir():
        return ""
    names = [run.name for run in path.parent.iterdir() if run.is_dir()]
    close = difflib.get_close_matches(path.name, names, n=1, cutoff=0.5)
    return f"; is it {path.parent / close[0]}?" if close else ""
