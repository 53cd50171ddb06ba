"""tbparse, with which many read event files, finds in ours what our own reader finds."""

import pandas as pd
import pytest
from tbparse import SummaryReader

from src.history import TrainingHistoryReader
from tests.history.test_history import write_run

# of tbparse's own code, with pandas 3.1 and later
pytestmark = pytest.mark.filterwarnings("ignore:The inplace keyword:DeprecationWarning")


def scalars(logs):
    """What tbparse reads, in the form of TrainingHistoryReader.

    ``dir_name`` is the directory of the event files, with the kind (cost, gradients, ...).
    """
    table = SummaryReader(str(logs), extra_columns={"dir_name", "wall_time"}).scalars
    return table.assign(run=table["dir_name"].str.rpartition("/")[0])


def by_record(table):
    table = table[["run", "step", "tag", "value", "wall_time"]]
    return table.sort_values(["run", "tag", "step"]).reset_index(drop=True)


def test_both_find_the_same_scalars_of_several_runs(tmp_path):
    write_run(tmp_path / "first")
    write_run(tmp_path / "group" / "second", epochs=(1, 2))
    ours = TrainingHistoryReader(tmp_path).get_history()
    assert set(ours["run"]) == {"first", "group/second"}
    assert len(ours) > 300
    pd.testing.assert_frame_equal(by_record(scalars(tmp_path)), by_record(ours), check_dtype=False)


def test_of_a_resumed_run_tbparse_has_the_replaced_records_as_well(tmp_path):
    """It reads each file for itself; of an epoch and tag, the latest record holds."""
    write_run(tmp_path / "run", epochs=(1, 2, 3, 4))
    write_run(tmp_path / "run", epochs=(3, 4), resume_after=2, offset=100.0)
    ours = TrainingHistoryReader(tmp_path).get_history()
    costs = ours[ours["tag"] == "/cost"]
    assert list(costs["value"] > 100) == [False, False, True, True]
    theirs = scalars(tmp_path)
    assert len(theirs) == len(ours) * 6 / 4
    latest = theirs.sort_values("wall_time").drop_duplicates(["run", "step", "tag"], keep="last")
    pd.testing.assert_frame_equal(by_record(latest), by_record(ours), check_dtype=False)


def test_the_query_for_exploding_gradients_is_the_same(tmp_path):
    write_run(tmp_path / "run")
    query = "_norm"
    found = [
        table[table["tag"].str.contains(query)].groupby("step")["value"].max()
        for table in (scalars(tmp_path), TrainingHistoryReader(tmp_path).get_history())
    ]
    assert len(found[0]) == 3
    pd.testing.assert_series_equal(*found)
