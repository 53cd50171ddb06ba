"""Names of what a training history holds: directories and tags.

A run directory has sub-directories, each with TensorBoard event files:

    cost/         /cost, /validation_cost
    parameters/   /parameters/W1_mean, ..._std, ..._l2, ..._min, ..._max
    gradients/    /batch_no_3/gradients/dW1_mean, ..._std, ..._norm, ..._min, ..._max
    activations/  /activations/relu1_mean, ..._std, ..._l2, ..., /activations/relu1_zeros
    metrics/      /metrics/learning_rate, /metrics/micro_f1, ...
    images/       /images/filters, ...

The Euclidean norm of a gradient, and of nothing else, is called ``_norm``, so that the query for
exploding gradients, ``df[df["tag"].str.contains("_norm")]``, finds gradients only; of parameters
and activations it is ``_l2``. (Older histories say ``_norm`` of all three: ``current_tag``.)

Next to these scalars and pictures there are histograms: /parameters/W1, /gradients/dW1,
/activations/relu1. The run directory itself has the network's graph, the settings, the layout of
charts, and what the diagnosis found. The step of every record is the epoch, counted from 1;
batches are counted from 0.
"""

KINDS = ("cost", "parameters", "gradients", "activations", "metrics", "images")
"""Sub-directories of a run."""

SCALARS = ("cost", "parameters", "gradients", "activations", "metrics")
"""Those with numbers, which make up the tables of the reader."""

COST_TAGS = {"train": "/cost", "validation": "/validation_cost"}
"""Tag of the cost by the data that it was measured on."""

TEST = "test_"
"""Before the names of metrics that were measured on test data, when training had ended."""

CHARTS = {"training": {"cost: training and validation": list(COST_TAGS.values())}}
"""Charts of several curves, by category and title; see ``layout_value``."""


FINDINGS = "diagnosis"
"""Tag of the text with what the diagnosis has found, a line of a list each."""


def parameter_tag(name: str, statistic: str) -> str:
    """Tag of a statistic of a parameter.

    >>> parameter_tag("W1", "mean")
    '/parameters/W1_mean'
    """
    return f"/parameters/{name}_{statistic}"


def gradient_tag(batch: int, name: str, statistic: str) -> str:
    """Tag of a statistic of a parameter's gradient in one mini-batch.

    >>> gradient_tag(3, "W1", "l2"), gradient_tag(0, "block2.W1", "std")
    ('/batch_no_3/gradients/dW1_norm', '/batch_no_0/gradients/block2.dW1_std')
    """
    shown = "norm" if statistic == "l2" else statistic
    return f"/batch_no_{batch}/gradients/{_gradient_name(name)}_{shown}"


def activation_tag(layer: str, statistic: str) -> str:
    """Tag of a statistic of a layer's output.

    >>> activation_tag("relu1", "zeros")
    '/activations/relu1_zeros'
    """
    return f"/activations/{layer}_{statistic}"


def current_tag(tag: str) -> str:
    """The tag under which a record is read: older histories have other names for some.

    >>> current_tag("/parameters/W1_norm"), current_tag("/batch_no_0/gradients/dW1_norm")
    ('/parameters/W1_l2', '/batch_no_0/gradients/dW1_norm')
    """
    if tag.endswith("_norm") and tag.startswith(("/parameters/", "/activations/")):
        return f"{tag.removesuffix('_norm')}_l2"
    return tag


def metric_tag(name: str) -> str:
    """Tag of a metric."""
    return f"/metrics/{name}"


def histogram_tag(kind: str, name: str) -> str:
    """Tag of the histogram of an array of a kind: a parameter, its gradient, a layer's output.

    >>> histogram_tag("gradients", "block2.W1")
    '/gradients/block2.dW1'
    """
    return f"/{kind}/{_gradient_name(name) if kind == 'gradients' else name}"


def _gradient_name(name: str) -> str:
    prefix, dot, local = name.rpartition(".")
    return f"{prefix}{dot}d{local}"
