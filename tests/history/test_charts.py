"""Charts show names as they are."""

import io
from xml.etree import ElementTree

import matplotlib
import pandas as pd
import pytest

from src.history.charts import MOST_CURVES, comparison_chart, history_charts

TEXT = "{http://www.w3.org/2000/svg}text"


def epochs(*names):
    return pd.DataFrame({name: [1.0, 0.5] for name in ("cost", *names)}, index=[1, 2])


def texts(figure):
    """The texts that are drawn; mathematics would be other elements."""
    stream = io.StringIO()
    with matplotlib.rc_context({"svg.fonttype": "none"}):
        figure.savefig(stream, format="svg")
    return [element.text for element in ElementTree.fromstring(stream.getvalue()).iter(TEXT)]


@pytest.mark.parametrize("name", ["a$b", "$\\frac{$", "$x$", "$a$b$c$"])
def test_a_dollar_in_a_name_is_no_mathematics(name):
    charts = history_charts(epochs(name), pd.DataFrame(), name)
    assert texts(charts["cost.png"]).count(name) == 1  # the title
    assert texts(charts["metrics.png"]).count(name) == 2  # and the legend
    assert name in texts(comparison_chart({name: epochs(), "other": epochs()}, "cost"))
    assert name in texts(comparison_chart({"a": epochs(name), "b": epochs(name)}, name))


def test_a_run_whose_name_begins_with_an_underscore_is_in_the_legend():
    figure = comparison_chart({"_first": epochs(), "second": epochs()}, "cost")
    legend = [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    assert legend == [" _first", "second"]


def test_the_title_of_many_curves_takes_dollars_too():
    runs = {f"$run{k}$": epochs() for k in range(MOST_CURVES + 1)}
    figure = comparison_chart(runs, "cost")
    line = f"{MOST_CURVES + 1} curves, from $run0$ (dark) to $run{MOST_CURVES}$"
    assert line in texts(figure)


def test_a_chart_of_nan_alone_says_so():
    nothing = pd.DataFrame({"cost": [float("nan")] * 2}, index=[1, 2])
    assert "no finite value" in texts(history_charts(nothing, pd.DataFrame(), "run")["cost.png"])
    assert "no finite value" not in texts(
        history_charts(epochs(), pd.DataFrame(), "run")["cost.png"]
    )
