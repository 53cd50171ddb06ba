"""Names of what a training history holds: directories and tags.

A run directory has four sub-directories, each with TensorBoard event files:

    cost/        /cost, /validation_cost
    parameters/  /parameters/W1_mean, ..._std, ..._norm
    gradients/   /batch_no_3/gradients/dW1_mean, ..._std, ..._norm
    metrics/     /metrics/learning_rate, /metrics/micro_f1, ...

The step of every record is the epoch, counted from 1; batches are counted from 0.
"""

KINDS = ("cost", "parameters", "gradients", "metrics")
"""Sub-directories of a run."""

COST_TAGS = {"train": "/cost", "validation": "/validation_cost"}
"""Tag of the cost by the data that it was measured on."""


def parameter_tag(name: str, statistic: str) -> str:
    """Tag of a statistic of a parameter.

    >>> parameter_tag("W1", "mean")
    '/parameters/W1_mean'
    """
    return f"/parameters/{name}_{statistic}"


def gradient_tag(batch: int, name: str, statistic: str) -> str:
    """Tag of a statistic of a parameter's gradient in one mini-batch.

    >>> gradient_tag(3, "W1", "norm"), gradient_tag(0, "block2.W1", "std")
    ('/batch_no_3/gradients/dW1_norm', '/batch_no_0/gradients/block2.dW1_std')
    """
    prefix, dot, local = name.rpartition(".")
    return f"/batch_no_{batch}/gradients/{prefix}{dot}d{local}_{statistic}"


def metric_tag(name: str) -> str:
    """Tag of a metric."""
    return f"/metrics/{name}"
