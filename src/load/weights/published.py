"""Weights that were published for the architectures: where they are, and what is stated of them.

Files are fetched from the Hugging Face hub, where the timm library keeps them as safetensors. The
accuracy is that of the first answer on ImageNet's 50,000 validation photos, as their page states
it; nothing here has measured it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any


@dataclass(frozen=True)
class PublishedWeights:
    """Weights of one architecture.

    Attributes:
        architecture: name of the network.
        repository: on the hub; its page is https://huggingface.co/REPOSITORY.
        accuracy: as stated.
        licence: as stated.
        layout: of the file, see ``layouts``.
        settings: of the architecture, beside those of the layout.
        preprocessing: that the weights were trained with; that of the layout if empty.
        file: its name in the repository.
        revision: of the repository.
    """

    architecture: str
    repository: str
    accuracy: float
    licence: str = "Apache-2.0"
    layout: str = "timm"
    settings: Mapping[str, Any] = field(default_factory=dict)
    preprocessing: str = ""
    file: str = "model.safetensors"
    revision: str = "main"

    @property
    def page(self) -> str:
        """Where source and licence are stated."""
        return f"https://huggingface.co/{self.repository}"


TORCHVISION = {
    **{"resnet18": 0.6976, "resnet34": 0.7331, "resnet50": 0.7613, "resnet101": 0.7737},
    **{"vgg11": 0.6902, "vgg13": 0.6993, "vgg16": 0.7159, "vgg19": 0.7238},
    **{"vgg11_bn": 0.7037, "vgg13_bn": 0.7159, "vgg16_bn": 0.7336, "vgg19_bn": 0.7422},
    "inception_v3": 0.7729,
}
"""Accuracy of torchvision's first weights of each network, by torchvision's documentation."""

TENSORFLOW = {"padding": "same_tf", "epsilon": 1e-3}
"""Settings of networks whose weights come from TensorFlow."""


def _published() -> dict[str, PublishedWeights]:
    known = {}
    for name, accuracy in TORCHVISION.items():
        layout = "timm" if name.startswith("vgg") else "torchvision"
        known[name] = PublishedWeights(
            name, f"timm/{name}.tv_in1k", accuracy, "BSD-3-Clause", layout
        )
    known["mobilenet_v2"] = PublishedWeights("mobilenet_v2", "timm/mobilenetv2_100.ra_in1k", 0.7297)
    known["efficientnet_b0"] = PublishedWeights(
        "efficientnet_b0", "timm/efficientnet_b0.ra_in1k", 0.7769
    )
    for number, accuracy in enumerate((0.7740, 0.7883, 0.8009, 0.8164, 0.8302)):
        if number:
            name = f"efficientnet_b{number}"
            repository = f"timm/tf_efficientnet_b{number}.aa_in1k"
            known[name] = PublishedWeights(name, repository, accuracy, settings=TENSORFLOW)
    for number, accuracy in enumerate((0.7484, 0.7664, 0.7746, 0.7981, 0.8152)):
        name = f"efficientnet_lite{number}"
        known[name] = PublishedWeights(name, f"timm/tf_{name}.in1k", accuracy)
    return known


PUBLISHED = _published()
"""Weights by the name of their architecture."""


def imagenet_classes() -> list[str]:
    """Names of ImageNet's 1000 classes, in the order of all published networks' outputs.

    The first lemma of each WordNet synset; two names stand twice ("crane", "maillot").
    """
    text = files("src.load.weights").joinpath("imagenet_classes.txt").read_text("utf-8")
    return text.splitlines()
