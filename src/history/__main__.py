"""The command line: ``python -m src.history COMMAND``: show, compare and export training runs.

Exit status: 0 done; 2 a mistake in the command or in its files, with one line on standard error
that says what to change; 130 interrupted.
"""

import argparse
import hashlib
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from src.common.cli import Parser, run_command
from src.common.files import printable
from src.history.runs import UnknownRunError, find_run, notes_of
from src.history.warning import HistoryWarning

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

PROGRAM = "python -m src.history"

EXAMPLES = f"""\
examples:
  {PROGRAM} show logs/digits-20260101-120000        tables, and charts as PNG
  {PROGRAM} compare logs/RUN logs/RUN               runs of one recipe side by side
  {PROGRAM} export logs/RUN --to csv                every record, for other programs
"""

CHARTS = Path("assets/history")
"""Where charts go, by default."""


def build_parser() -> Parser:
    """The parser of all commands."""
    parser = Parser(
        prog=PROGRAM,
        description="What happened inside training, from the event files of runs.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    showing = commands.add_parser("show", help="tables and charts of a run")
    comparing = commands.add_parser("compare", help="runs of one recipe side by side")
    exporting = commands.add_parser("export", help="all records of a run as one table")
    what = "a run: its directory of --log-dir, or of --output-dir"
    showing.add_argument("run", type=Path, metavar="RUN", help=what)
    comparing.add_argument("run", type=Path, nargs="+", metavar="RUN", help=what)
    exporting.add_argument("run", type=Path, metavar="RUN", help=what)
    for command in (showing, comparing):
        command.add_argument(
            "--output-dir",
            type=Path,
            metavar="DIR",
            help=f"charts go there (default: {CHARTS}/RUN)",
        )
    exporting.add_argument("--to", choices=["csv", "parquet"], required=True, help="format")
    exporting.add_argument(
        "--output", type=Path, metavar="FILE", help="the file (default: RUN.csv or RUN.parquet)"
    )
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command line; returns the exit status."""
    options = build_parser().parse_args(arguments)
    run = {"show": show, "compare": compare, "export": export}[options.command]
    with warnings.catch_warnings():
        warnings.simplefilter("always", HistoryWarning)
        command = f"{PROGRAM} {options.command}"
        return run_command(command, lambda: run(options), (UnknownRunError,))


def show(options: argparse.Namespace) -> int:
    """Print a run's tables, write its charts."""
    import numpy as np

    from src.history.charts import history_charts
    from src.history.tables import (
        array_summary,
        array_table,
        best_epoch,
        epoch_table,
        metrics_of_test_data,
        not_finite,
        recorded_epochs,
        some_rows,
        text_table,
    )

    run = find_run(options.run)
    history = _history(run)
    epochs, arrays = epoch_table(history), array_table(history)
    if "cost" not in epochs:
        raise UnknownRunError(_no_cost(run, history))
    print(f"{run}: {len(history):,} records, epochs {epochs.index[0]} to {epochs.index[-1]}")
    settings, findings = notes_of(run)
    described = [f"{name} {settings[name]}" for name in ("recipe", "seed") if name in settings]
    print(", ".join(described) or "no settings recorded")
    recorded = recorded_epochs(history)
    print(f"\n{text_table(some_rows(epochs), recorded)}\n")
    for line in not_finite(epochs, recorded):
        print(line)
    best = best_epoch(epochs)
    by = "validation_cost" if "validation_cost" in epochs else "cost"
    if np.isfinite(epochs[by].to_numpy()).any():
        print(f"best epoch {best}, by {by.replace('_', ' ')}")
    else:
        print(f"no best epoch: no {by.replace('_', ' ')} is a finite number")
    tests = ", ".join(
        f"{name} {value:.4g}" for name, value in metrics_of_test_data(history).items()
    )
    print(f"test data: {tests}" if tests else "no metrics of test data: the run has not ended")
    for finding in findings:
        print(f"diagnosis: {finding}")
    for kind, table in array_summary(arrays).items() if len(arrays) else ():
        print(f"\n{kind}\n{_text(table)}")
    name = printable(run.resolve().name)
    _save(history_charts(epochs, arrays, name), options.output_dir or CHARTS / name)
    return 0


def compare(options: argparse.Namespace) -> int:
    """Print settings that differ and metrics of the best epochs, draw the costs together."""
    from src.common.files import safe_file_name
    from src.common.tables import format_table
    from src.history.charts import comparison_chart
    from src.history.tables import comparison_table, epoch_table, shared_columns

    # one run may be given twice, by different paths
    runs = list({run.resolve(): run for run in map(find_run, options.run)}.values())
    if len(runs) < 2:
        raise UnknownRunError(f"expected two runs or more, got one: {runs[0]}")
    settings = {run: notes_of(run).settings for run in runs}
    recipes = {run: found["recipe"] for run, found in settings.items() if "recipe" in found}
    if len(set(recipes.values())) > 1:
        described = ", ".join(f"{run} is of {recipe}" for run, recipe in recipes.items())
        raise UnknownRunError(
            f"expected runs of one recipe: {described}; their costs mean other things"
        )
    names = _short_names(runs)
    histories = {names[run]: _history(run) for run in runs}
    tables = {name: epoch_table(history) for name, history in histories.items()}
    for name, epochs in tables.items():
        if "cost" not in epochs:
            raise UnknownRunError(_no_cost(Path(name), histories[name]))
    rows = comparison_table(histories, {names[run]: settings[run] for run in runs})
    print(format_table(rows))
    charts = {
        f"{safe_file_name(name)}.png": comparison_chart(tables, name)
        for name in shared_columns(tables)
    }
    _save(charts, options.output_dir or CHARTS / _comparison_name(runs))
    return 0


def export(options: argparse.Namespace) -> int:
    """Write every record of a run to a file."""
    from src.common.files import atomic_path

    run = find_run(options.run)
    output = options.output or Path(f"{run.resolve().name}.{options.to}")
    if output.is_dir():
        raise UnknownRunError(f"--output: {output} is a directory, expected the name of a file")
    history = _history(run)
    if history.empty:
        raise UnknownRunError(f"{run}: holds no scalars: there is nothing to export")
    with atomic_path(output) as partial:
        if options.to == "csv":
            history.to_csv(partial, index=False, na_rep="nan")
        else:
            try:
                history.to_parquet(partial, index=False)
            except ImportError:
                raise UnknownRunError(
                    "Parquet needs PyArrow: pip install 'classic-nn[parquet]', or --to csv"
                ) from None
    print(f"{output}: {len(history):,} records")
    return 0


def _no_cost(run: Path, history: "pd.DataFrame") -> str:
    """Why a history has no table of epochs."""
    tags = list(history["tag"].unique())
    if not tags:
        return f"{run}: no cost has been recorded yet"
    shown = ", ".join(tags[:5]) + (", ..." if len(tags) > 5 else "")
    return (
        f"{run}: expected the tag /cost, found {shown}; {PROGRAM} export writes what there is to a "
        "table"
    )


def _history(run: Path) -> "pd.DataFrame":
    from src.history.reader import run_history

    return run_history(run)


def _text(table: "pd.DataFrame") -> str:
    return table.to_string(float_format=lambda value: f"{value:.4g}", na_rep="")


def _save(charts: dict[str, "Figure"], directory: Path) -> None:
    """Write charts as PNG, and say where."""
    from src.common.files import atomic_path

    print()
    for name, figure in charts.items():
        with atomic_path(directory / name) as partial:
            figure.savefig(partial, format="png")
        print(f"chart     {directory / name}")


def _short_names(runs: list[Path]) -> dict[Path, str]:
    """Names of the runs' directories; whole paths where two have one name."""
    names = [run.resolve().name for run in runs]
    unique = len(set(names)) == len(names)
    described = [name if unique else str(run) for run, name in zip(runs, names, strict=True)]
    return dict(zip(runs, map(printable, described), strict=True))


def _comparison_name(runs: list[Path]) -> str:
    """Of the directory for charts of these runs and no others: their names, and a digest."""
    paths = [printable(str(run.resolve())) for run in runs]
    names = "-".join(path.rpartition("/")[2] for path in paths)
    digest = hashlib.sha256("\n".join(paths).encode()).hexdigest()[:8]
    return f"compare-{names.encode()[:80].decode(errors='ignore')}-{digest}"


if __name__ == "__main__":
    sys.exit(main())
