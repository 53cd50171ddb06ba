"""Numbers in a few bits: formulas, ranges, integer products, and what training needs of them."""

from src.classic_nn.quantization.affine import (
    Quantization,
    asymmetric,
    check_bits,
    linear,
    symmetric,
)
from src.classic_nn.quantization.fake_quantization import (
    FakeQuantizationCache,
    fake_quantize,
    fake_quantize_backward,
)
from src.classic_nn.quantization.integer_products import integer_matmul, products_in_a_block
from src.classic_nn.quantization.ranges import RANGES, channel_ranges, choose_quantization
from src.classic_nn.quantization.statistics import Statistics

__all__ = [
    "RANGES",
    "FakeQuantizationCache",
    "Quantization",
    "Statistics",
    "asymmetric",
    "channel_ranges",
    "check_bits",
    "choose_quantization",
    "fake_quantize",
    "fake_quantize_backward",
    "integer_matmul",
    "linear",
    "products_in_a_block",
    "symmetric",
]
