"""The exercises of the notebooks: ``check(answer)`` says if an answer is right, or why it is not.

Every notebook has its exercises in the module of its name. A check knows no solution: it compares
with finite differences or with the library.
"""

from exercises import one_neuron
from exercises.check import check

__all__ = ["check", "one_neuron"]
