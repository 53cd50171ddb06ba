"""Layouts of published weights, by architecture and by the program that they come from."""

from src.load.weights.layouts.efficientnet import EFFICIENTNET_LITE, efficientnet_layouts
from src.load.weights.layouts.inception_v3 import INCEPTION_V3
from src.load.weights.layouts.mobilenet_v2 import MOBILENET_V2
from src.load.weights.layouts.resnet import RESNET, RESNET_V2
from src.load.weights.layouts.squeezenet import SQUEEZENET_1_0, SQUEEZENET_1_1
from src.load.weights.layouts.vgg import VGG

LAYOUTS = {
    **{f"resnet{depth}": RESNET for depth in (18, 34, 50, 101)},
    **{f"resnet{depth}_v1": RESNET for depth in (50, 101)},
    **{f"resnet{depth}_v2": RESNET_V2 for depth in (50, 101)},
    **{f"vgg{depth}{end}": VGG for depth in (11, 13, 16, 19) for end in ("", "_bn")},
    "inception_v3": INCEPTION_V3,
    **{f"efficientnet_b{number}": efficientnet_layouts(number) for number in range(8)},
    **{f"efficientnet_lite{number}": EFFICIENTNET_LITE for number in range(5)},
    "mobilenet_v2": MOBILENET_V2,
    "squeezenet1_0": SQUEEZENET_1_0,
    "squeezenet1_1": SQUEEZENET_1_1,
}
"""For each architecture, its layouts by the program's name."""

__all__ = ["LAYOUTS"]
