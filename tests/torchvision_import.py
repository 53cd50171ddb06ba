"""torchvision without its compiled part, which PyPI does not have for the CPU.

Its networks and its transforms of Pillow images are Python alone; they run once the operators that
the compiled part would register are declared.
"""

from functools import cache

import pytest

LIBRARIES = []
"""The declarations last as long as they are held."""


@cache
def import_torchvision():
    """The module; skips where torch or torchvision is missing."""
    torch = pytest.importorskip(
        "torch", reason="needs torch, and torchvision without its dependencies"
    )
    library = torch.library.Library("torchvision", "DEF")
    for name in ("nms", "qnms"):
        library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    LIBRARIES.append(library)
    return pytest.importorskip("torchvision", reason="pip install --no-deps torchvision==0.28.0")
