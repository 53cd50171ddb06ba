"""Which layers should stay in float."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from src.inference.quantize.layer_report import LayerNoise
from src.inference.quantize_scheme import Scheme


def search(
    accuracy_of: Callable[[Scheme], float],
    scheme: Scheme,
    rows: Sequence[LayerNoise],
    wanted: float,
    tick: Callable[[str], object] = lambda text: None,
) -> tuple[Scheme, float]:
    """The scheme with the fewest layers in float that reaches an accuracy, by sensitivity.

    Layers are kept in the order of their sensitivity, and their number is found by bisection: with
    one more kept the answers are hardly worse, as a rule.

    Args:
        accuracy_of: of the model that a scheme makes.
        scheme: to begin with.
        rows: sensitivities of the layers.
        wanted: accuracy.
        tick: told what was tried.

    Raises ValueError where it is not reached with all layers in float.
    """
    order = [row.path for row in sorted(rows, key=lambda row: row.sensitivity)]

    def with_kept(count: int) -> Scheme:
        return replace(scheme, keep_float=(*scheme.keep_float, *order[:count]))

    tried: dict[int, float] = {}

    def reached(count: int) -> bool:
        tried[count] = accuracy_of(with_kept(count))
        tick(f"{count} layers in float: accuracy {tried[count]:.4f}")
        return tried[count] >= wanted

    if reached(0):
        return with_kept(0), tried[0]
    low, high = 0, len(order)
    if not reached(high):
        raise ValueError(
            f"--search {wanted}: with all layers in float the accuracy is {tried[high]:.4f}"
        )
    while high - low > 1:
        middle = (low + high) // 2
        if reached(middle):
            high = middle
        else:
            low = middle
    return with_kept(high), tried[high]
