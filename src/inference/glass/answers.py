"""The last step of the way, opened: from logits to a probability, to the loss, and the way back.

Probabilities are those at the model's temperature, which the loss of training knows nothing of.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from src.classic_nn.array_types import Array
from src.inference.glass.opened import Opened

Floats = NDArray[np.float64]
Steps = list[tuple[str, float]]

SHOWN = 8
"""Labels whose part of the loss is named one by one."""


def open_probability(
    task: str, logits: Array, temperature: float, number: int, value: float
) -> Opened:
    """What is behind the probability of a class or label.

    Args:
        task: "binary", "multi_class" or "multi_label".
        logits: (outputs,), z.
        temperature: that logits are divided by.
        number: of the class or label; of a binary task 0 for no and 1 for yes.
        value: as the library has it.
    """
    z = logits.astype(np.float64) / temperature
    divided = "z" if temperature == 1 else f"z / {temperature:.4g}, the temperature"
    if task == "multi_class":
        high = 0.0 if np.abs(z).max() < 500 else float(z.max())
        powers = np.exp(z - high)
        word = "e^z" if high == 0 else "e^(z - largest z)"
        steps: Steps = [(divided, float(z[number])), (word, float(powers[number]))]
        steps += [(f"Σ {word} of all classes", float(powers.sum()))]
        steps += [("p", float(powers[number] / powers.sum()))]
        return Opened(f"p = {word} / Σ {word}", value, steps=tuple(steps))
    own = float(z[0] if task == "binary" else z[number])
    p = float(_sigmoid(np.array(own)))
    steps = [(divided, own), ("e^(-z)", float(np.exp(-own))), ("1 / (1 + e^(-z))", p)]
    if task == "binary" and number == 0:
        steps.append(("p = 1 - that", 1 - p))
    return Opened("p = 1 / (1 + e^(-z))", value, steps=tuple(steps))


def open_loss(
    task: str, logits: Array, classes: Sequence[str], chosen: Sequence[int], value: float
) -> Opened:
    """What is behind the loss, if the chosen class or labels were right."""
    p, y = _answer_and_truth(task, logits, chosen)
    if task == "multi_class":
        (right,) = chosen
        own = float(p[right])
        said = (("p of the right class", own), ("-log p", -float(np.log(own))))
        return Opened("loss = -log p of the right class", value, steps=said)
    costs = -np.where(y > 0, np.log(p), np.log1p(-p))
    names = classes if task == "multi_label" else classes[1:]
    order = np.argsort(-costs, kind="stable")
    parts = [
        (f"{names[k]}: -log {'p' if y[k] else '(1 - p)'}", float(costs[k])) for k in order[:SHOWN]
    ]
    if len(order) > SHOWN:
        parts.append((f"{len(order) - SHOWN} others", float(costs[order[SHOWN:]].sum())))
    steps = (*parts, (f"Σ / {len(p)}", float(costs.mean())))
    formula = "loss = the mean of -log p where a label is right, of -log(1 - p) where it is not"
    return Opened(formula, value, steps=steps)


def open_output_gradient(
    task: str, logits: Array, chosen: Sequence[int], number: int, value: float
) -> Opened:
    """What is behind the gradient of the loss with respect to one logit."""
    p, y = _answer_and_truth(task, logits, chosen)
    steps: Steps = [("p", float(p[number])), ("y: 1 if right, else 0", float(y[number]))]
    steps += [("p - y", float(p[number] - y[number]))]
    formula = "dL/dz = p - y"
    if task == "multi_label":
        formula = "dL/dz = (p - y) / number of labels"
        steps += [(f"(p - y) / {len(p)}", float((p[number] - y[number]) / len(p)))]
    return Opened(formula, value, steps=tuple(steps))


def _answer_and_truth(task: str, logits: Array, chosen: Sequence[int]) -> tuple[Floats, Floats]:
    """Probabilities at temperature 1, and 1 where an output is taken for right; (outputs,)."""
    z = logits.astype(np.float64)
    y = np.zeros(len(z))
    if task == "binary":
        y[0] = float(next(iter(chosen)))
    else:
        y[list(chosen)] = 1
    if task == "multi_class":
        powers = np.exp(z - z.max())
        return powers / powers.sum(), y
    return _sigmoid(z), y


def _sigmoid(z: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-z)))
