"""Names in formulas: Greek letters, functions, gradients, words."""

import re

GREEK = frozenset(
    [
        "alpha",
        "beta",
        "gamma",
        "delta",
        "epsilon",
        "zeta",
        "eta",
        "theta",
        "lambda",
        "mu",
        "nu",
        "xi",
        "pi",
        "rho",
        "sigma",
        "tau",
        "phi",
        "chi",
        "psi",
        "omega",
    ]
)

OPERATORS = (
    "ReLU round clamp softplus sigmoid softmax relu6 mean var std sign layer body shortcut "
    "activation place excitation branch conv onehot Cov"
)
FUNCTIONS = {name: rf"\{name}" for name in ("exp", "log", "cos", "sin", "tanh", "min", "max")}
FUNCTIONS |= {name: rf"\operatorname{{{name}}}" for name in OPERATORS.split(" ")}
"""What stands upright and takes its argument without a space."""

SYMBOLS = {"inf": r"\infty", "epsilon": r"\varepsilon", "phi": r"\varphi"}

QUANTITIES = re.compile(
    r"loss|cost|logits|mask|rate|momentum|running|batch|slope|low|high|ceiling|scale|top|left|"
    r"count|size|variance|mean|minimum|maximum|progress|epoch|warmup|strength|learning_rate|base|"
    r"kernel|decay|factor|steps|period|interval|weights?|baseline|window|range"
)
"""Words that stand for a number, and so are multiplied, divided and added."""


def name_to_tex(name: str) -> str | None:
    """TeX of a name without subscripts; None for a word that is no symbol.

    Single letters and Greek ones are symbols, with digits as their subscript; ``d`` before a symbol
    makes its gradient: dW, dgamma, dx.
    """
    letters, digits = re.fullmatch(r"(.*?)(\d*)", name).groups()  # type: ignore[union-attr]
    if name in FUNCTIONS:
        return FUNCTIONS[name]
    symbol = _symbol(letters)
    if symbol is None and letters[:1] == "d":
        inner = _symbol(letters[1:])
        if inner is None and is_quantity(letters[1:]):
            inner = rf"\text{{{letters[1:]}}}"
        symbol = None if inner is None else rf"\mathrm{{d}}{inner}"
    if symbol is not None:
        return f"{symbol}_{{{digits}}}" if digits else symbol
    if letters.isupper() and len(letters) == 2:  # DY, the matrix of dy
        return rf"\mathrm{{{letters}}}"
    return None


def _symbol(letters: str) -> str | None:
    if letters in SYMBOLS:
        return SYMBOLS[letters]
    if letters.lower() in GREEK:
        return rf"\{letters}"
    return letters if len(letters) == 1 else None


def is_quantity(word: str) -> bool:
    """Whether a word stands for a number in formulas."""
    return QUANTITIES.fullmatch(word) is not None
