"""From arrays and settings to what TensorBoard's views read: one function per kind of record."""

import io
from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from tensorboard.compat.proto.summary_pb2 import HistogramProto, Summary
from tensorboard.compat.proto.tensor_pb2 import TensorProto
from tensorboard.compat.proto.types_pb2 import DT_STRING
from tensorboard.plugins.custom_scalar import layout_pb2
from tensorboard.plugins.custom_scalar import metadata as layout_metadata
from tensorboard.plugins.hparams import summary_v2 as hparams
from tensorboard.plugins.text.metadata import create_summary_metadata as text_metadata

from src.common.files import printable
from src.history.statistics import Histogram


def scalar_values(values: Mapping[str, float]) -> list[Summary.Value]:
    """One number each, by tag: the Scalars view."""
    return [Summary.Value(tag=printable(tag), simple_value=value) for tag, value in values.items()]


def histogram_value(tag: str, histogram: Histogram) -> Summary.Value:
    """A distribution: the views Histograms and Distributions."""
    counts, edges = histogram.counts, histogram.edges
    centres = (edges[1:] + edges[:-1]) / 2
    proto = HistogramProto(
        min=float(edges[0]),
        max=float(edges[-1]),
        num=float(counts.sum()),
        sum=float(counts @ centres),
        sum_squares=float(counts @ centres**2),
        bucket_limit=edges[1:].tolist(),
        bucket=counts.tolist(),
    )
    return Summary.Value(tag=printable(tag), histo=proto)


def image_value(tag: str, pixels: NDArray[np.uint8]) -> Summary.Value:
    """A picture, (height, width, 3) or (height, width) of 8-bit levels: the Images view."""
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "png")
    image = Summary.Image(
        height=pixels.shape[0],
        width=pixels.shape[1],
        colorspace=3 if pixels.ndim == 3 else 1,
        encoded_image_string=stream.getvalue(),
    )
    return Summary.Value(tag=tag, image=image)


def text_value(tag: str, text: str) -> Summary.Value:
    """A text in Markdown: the Text view."""
    lines = "\n".join(map(printable, text.split("\n")))
    tensor = TensorProto(dtype=DT_STRING, string_val=[lines.encode()])
    metadata = text_metadata(display_name=tag, description="")
    return Summary.Value(tag=tag, tensor=tensor, metadata=metadata)


def layout_value(charts: Mapping[str, Mapping[str, Iterable[str]]]) -> Summary.Value:
    """Charts of several curves: the Custom Scalars view.

    Args:
        charts: by category and title, the regular expressions of the tags on one chart.
    """
    categories = [
        layout_pb2.Category(
            title=category,
            chart=[
                layout_pb2.Chart(title=title, multiline=layout_pb2.MultilineChartContent(tag=tags))
                for title, tags in titles.items()
            ],
        )
        for category, titles in charts.items()
    ]
    layout = layout_pb2.Layout(category=categories)
    tensor = TensorProto(dtype=DT_STRING, string_val=[layout.SerializeToString()])
    return Summary.Value(
        tag=layout_metadata.CONFIG_SUMMARY_TAG,
        tensor=tensor,
        metadata=layout_metadata.create_summary_metadata(),
    )


def hyperparameter_values(
    run: str, settings: Mapping[str, str | float | bool], metrics: Mapping[str, str]
) -> list[Summary.Value]:
    """Settings of a run, and which metrics stand next to them: the HParams view.

    Args:
        run: its name; runs of one name would be shown as one trial.
        settings: by name.
        metrics: by tag, the sub-directory of the run that has it. Without them TensorBoard would
            show every scalar of the run, thousands of gradients.
    """
    shown = [
        hparams.Metric(tag, group=group, display_name=tag.split("/")[-1])
        for tag, group in metrics.items()
    ]
    values = {
        name: printable(value) if isinstance(value, str) else value
        for name, value in settings.items()
    }
    config = hparams.hparams_config_pb([hparams.HParam(name) for name in values], shown)
    return [*config.value, *hparams.hparams_pb(values, trial_id=printable(run)).value]
