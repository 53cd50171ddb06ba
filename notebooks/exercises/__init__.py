"""The exercises of the notebooks: ``check(answer)`` says if an answer is right, or why it is not.

Every notebook has its exercises in the module of its name. A check knows no solution: it compares
with finite differences or with the library.
"""

from exercises import (
    a_backbone_and_a_head,
    backpropagation,
    batch_normalization,
    convolution,
    eight_bits,
    fewer_multiplications,
    one_neuron,
    optimizers,
    reading_a_run,
    what_a_cnn_sees,
    why_did_it_say_that,
)
from exercises.check import check

__all__ = [
    "a_backbone_and_a_head",
    "backpropagation",
    "batch_normalization",
    "check",
    "convolution",
    "eight_bits",
    "fewer_multiplications",
    "one_neuron",
    "optimizers",
    "reading_a_run",
    "what_a_cnn_sees",
    "why_did_it_say_that",
]
