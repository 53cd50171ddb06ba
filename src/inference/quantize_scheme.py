"""How a network is to be quantized."""

from collections.abc import Sequence
from dataclasses import dataclass

from src.classic_nn.quantization.affine import check_bits
from src.classic_nn.quantization.ranges import RANGES
from src.common.lookup import lookup

SCHEMES = ("static", "dynamic", "weights")


@dataclass(frozen=True)
class Scheme:
    """What becomes integers, of how many bits, and how their ranges are chosen.

    Attributes:
        kind: "static", all numbers, with ranges from calibration; "dynamic", weights, and inputs of
            layers with weights by their own range; "weights" alone.
        bits: of the weights, from 2 to 16; activations have 8.
        per_channel: whether every filter has a scale of its own.
        symmetric: whether the integers of activations lie around zero; those of weights always do.
        method: of ranges, one of ``RANGES``.
        keep_float: paths of operations that stay as they are.

    Raises ValueError for an unknown kind or method, or bits that cannot be.
    """

    kind: str = "static"
    bits: int = 8
    per_channel: bool = True
    symmetric: bool = False
    method: str = "min_max"
    keep_float: Sequence[str] = ()

    def __post_init__(self) -> None:
        lookup("scheme", self.kind, dict.fromkeys(SCHEMES))
        lookup("method", self.method, RANGES)
        check_bits(self.bits)
        if self.kind != "weights" and self.bits > 8:
            raise ValueError(f"bits: {self.kind} integers have 8 or fewer, got {self.bits}")
