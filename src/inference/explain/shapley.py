"""Shapley values of the parts of an input (Lundberg and Lee 2017).

The players are parts of the photo, or features (``players.py``). Who is absent is shown as in the
baseline, so a coalition S is worth f(x where S, baseline elsewhere), and all values add up to

    sum over k of phi_k = f(x) - f(baseline)

exactly. A pixel gets its player's value divided by the player's pixels: so the sum over a part of
the photo is what the part contributes.
"""

import numpy as np

from src.classic_nn.array_types import Array
from src.inference.explain.attribution import Attribution
from src.inference.explain.kernel_shap import Floats, Masks, kernel_shap
from src.inference.explain.players import Players
from src.inference.explain.score import Score
from src.inference.explain_settings import Settings


def shapley(
    score: Score,
    x: Array,
    baseline: Array,
    players: Players,
    rng: np.random.Generator,
    coalitions: int = Settings.coalitions,
) -> Attribution:
    """Shapley values of one input, spread over its pixels or features.

    Args:
        score: f.
        x: the input (height, width, channels) or (features,).
        baseline: of its shape.
        players: (height, width) or (features,), the number of each place's player.
        rng: draws coalitions.
        coalitions: that the network is asked for.

    Figures: ``players`` and ``coalitions``, their numbers; ``shapley_values`` and
    ``standard_errors``, by player.
    """
    count = int(players.max()) + 1
    places = players.reshape(*players.shape, *[1] * (x.ndim - players.ndim))

    def game(masks: Masks) -> Floats:
        def shown(some: slice) -> Array:
            return np.where(masks[some][:, places], x, baseline).astype(x.dtype, copy=False)

        return score.values(shown, len(masks))

    found = kernel_shap(game, count, rng, coalitions)
    sizes = np.bincount(players.ravel(), minlength=count)
    figures = {
        "players": count,
        "coalitions": found.coalitions,
        "standard_error": float(found.standard_errors.mean()),
        "shapley_values": found.values.tolist(),
        "standard_errors": found.standard_errors.tolist(),
    }
    return Attribution((found.values / sizes)[players], figures)
