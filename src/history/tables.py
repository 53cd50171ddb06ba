"""A run's history as tables that fit on a page."""

import re
from collections.abc import Mapping

import numpy as np
import pandas as pd

from src.common.best_epoch import best_epoch as find_best_epoch
from src.common.tables import compare_columns, setting_text
from src.history.tags import COST_TAGS, TEST, metric_tag

NAMES = {COST_TAGS["train"]: "cost", COST_TAGS["validation"]: "validation_cost"}
"""Names of costs in tables, by tag."""

METRIC_TAG = metric_tag("")
"""How tags of metrics begin."""

TEST_TAG = metric_tag(TEST)
"""How tags begin of metrics that were measured on test data."""

ARRAY = re.compile(
    r"^/(?:batch_no_\d+/)?(?P<kind>parameters|gradients|activations)/"
    r"(?P<name>.+)_(?P<statistic>mean|std|norm|l2|min|max|zeros)$"
)
"""Tags of the statistics of arrays."""

ROWS = 12
"""Epochs that are printed of a long run."""


def epoch_table(history: pd.DataFrame) -> pd.DataFrame:
    """A row for each epoch: costs, learning rate, metrics.

    Args:
        history: of one run, as ``TrainingHistoryReader.get_history`` returns it.
    """
    return _by_epoch(history, "value")


def recorded_epochs(history: pd.DataFrame) -> pd.DataFrame:
    """Which cells of ``epoch_table`` were recorded: NaN may be a value, or the lack of one."""
    return _by_epoch(history.assign(recorded=1.0), "recorded").notna()


def _by_epoch(history: pd.DataFrame, column: str) -> pd.DataFrame:
    tags = history["tag"]
    wanted = tags.isin(NAMES) | tags.str.startswith(METRIC_TAG) & ~tags.str.startswith(TEST_TAG)
    found = history[wanted]
    names = found["tag"].map(lambda tag: NAMES.get(tag, tag.removeprefix(METRIC_TAG)))
    last = found.assign(name=names).drop_duplicates(["step", "name"], keep="last")
    table = last.pivot(index="step", columns="name", values=column)
    first = [name for name in ("cost", "validation_cost", "learning_rate") if name in table]
    table = table[[*first, *(name for name in columns(table) if name not in first)]]
    return table.rename_axis(index="epoch", columns=None)


def columns(table: pd.DataFrame) -> list[str]:
    """Names of a table's columns."""
    return [str(name) for name in table.columns]


def metrics_of_test_data(history: pd.DataFrame) -> dict[str, float]:
    """What was measured on test data at the end of the run, by name; nothing before its end."""
    found = history[history["tag"].str.startswith(TEST_TAG)]
    return {
        str(tag).removeprefix(TEST_TAG): float(value)
        for tag, value in zip(found["tag"], found["value"], strict=True)
    }


def array_table(history: pd.DataFrame) -> pd.DataFrame:
    """A row for each epoch and array: the statistics of parameters, gradients and activations.

    Of gradients, the mean over the mini-batches that were recorded. The index is (kind, array,
    epoch).
    """
    parts = history["tag"].str.extract(ARRAY)
    found = history.assign(**parts)[parts["kind"].notna()]
    if found.empty:
        return pd.DataFrame()
    table = found.pivot_table(
        index=["kind", "name", "step"], columns="statistic", values="value", sort=False
    )
    return table.rename_axis(index=["kind", "array", "epoch"], columns=None)


def not_finite(epochs: pd.DataFrame, recorded: pd.DataFrame) -> list[str]:
    """Of each cost that was NaN or infinite, since when, a line each.

    Args:
        epochs: see ``epoch_table``.
        recorded: see ``recorded_epochs``.
    """
    lines = []
    for name in (name for name in NAMES.values() if name in epochs):
        values = epochs.loc[recorded[name], name]
        bad = values.index[~np.isfinite(values.to_numpy())]
        if len(bad):
            kind = "nan" if values[bad[0]] != values[bad[0]] else "infinite"
            after = values.loc[bad[0] :]
            on = " on" if len(after) == len(bad) else f", in {len(bad)} epochs of {len(values)}"
            lines.append(f"{name} is {kind} from epoch {bad[0]}{on}")
    return lines


def text_table(epochs: pd.DataFrame, recorded: pd.DataFrame) -> str:
    """The table for the terminal: nan is a value that was recorded, a blank is none."""
    texts = epochs.apply(lambda column: column.map(lambda value: f"{value:.4g}"))
    return texts.where(recorded.loc[epochs.index, columns(epochs)], "").to_string()


def best_epoch(epochs: pd.DataFrame) -> int:
    """The epoch with the lowest validation cost, or training cost where there is no other.

    The first one where no cost is a number.
    """
    costs = epochs["validation_cost" if "validation_cost" in epochs else "cost"]
    values = {int(epoch): float(cost) for epoch, cost in costs.items()}  # type: ignore[call-overload]
    return find_best_epoch(values) or int(costs.index[0])


def some_rows(epochs: pd.DataFrame, rows: int = ROWS) -> pd.DataFrame:
    """The first, the best, the last, and others evenly between."""
    if len(epochs) <= rows:
        return epochs
    step = -(-len(epochs) // (rows - 2))
    shown = sorted({*epochs.index[::step], best_epoch(epochs), epochs.index[-1]})
    return epochs.loc[shown]


def array_summary(arrays: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """By kind, a row for each array: its norm (of activations: standard deviation and fraction of
    zeros) in the first and in the last epoch that was recorded."""
    tables = {}
    for kind in map(str, arrays.index.unique("kind")):
        rows = arrays.loc[[kind]]
        wanted = {"activations": ("std", "zeros"), "gradients": ("norm",)}.get(kind, ("l2",))
        statistics = [name for name in wanted if name in rows]
        table = {}
        for name, part in rows.groupby(level="array", sort=False):
            epochs = part.index.get_level_values("epoch")
            table[name] = {
                f"{statistic}, epoch {epochs[place]}": part[statistic].iloc[place]
                for statistic in statistics
                for place in (0, -1)
            }
        tables[kind] = pd.DataFrame(list(table.values()), pd.Index(list(table), name="array"))
    return tables


def comparison_table(
    histories: Mapping[str, pd.DataFrame], settings: Mapping[str, Mapping[str, object]]
) -> list[tuple[str, ...]]:
    """A column for each run: settings that differ, metrics of its best epoch, of its test data.

    Args:
        histories: by the runs' names.
        settings: by the same names.
    """
    tables = {run: epoch_table(history) for run, history in histories.items()}
    shared = shared_columns(tables)
    results: dict[str, dict[str, object]] = {}
    for run, epochs in tables.items():
        best = best_epoch(epochs)
        by = epochs["validation_cost" if "validation_cost" in epochs else "cost"]
        known_best = best if np.isfinite(by.to_numpy()).any() else "none"
        results[run] = {"epochs trained": len(epochs), "best epoch": known_best}
        known = recorded_epochs(histories[run])
        results[run] |= {
            f"{name} then": _cell(epochs[name].get(best), bool(known[name].get(best)))
            for name in shared
        }
        tests = metrics_of_test_data(histories[run])
        results[run] |= {f"test {name}": value for name, value in tests.items()}
    texts = {
        run: {name: setting_text(value) for name, value in settings[run].items()} for run in tables
    }
    return [
        ("", *tables),
        *compare_columns(texts, only_differing=True),
        *compare_columns(results),
    ]


def _cell(value: object, recorded: bool) -> object:
    """A value of a comparison: NaN that was recorded is shown as such."""
    return "nan" if recorded and value != value else value


def shared_columns(tables: Mapping[str, pd.DataFrame]) -> list[str]:
    """Columns that the epoch tables of all runs have."""
    first, *others = tables.values()
    return [name for name in columns(first) if all(name in other for other in others)]
