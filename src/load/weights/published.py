"""Weights that were published for the architectures: where they are, and what is stated of them.

Files are fetched from the Hugging Face hub, where the timm library keeps them as safetensors. The
accuracy is that of the first answer on ImageNet's 50,000 validation photos, as their page states
it; nothing here has measured it.
"""

from dataclasses import dataclass
from importlib.resources import files


@dataclass(frozen=True)
class PublishedWeights:
    """Weights of one architecture.

    Attributes:
        architecture: name of the network.
        repository: on the hub; its page is https://huggingface.co/REPOSITORY.
        accuracy: as stated.
        licence: as stated.
        parameters: values that were trained, without running statistics.
        layout: of the file, see ``layouts``.
        file: its name in the repository.
        revision: of the repository.
    """

    architecture: str
    repository: str
    accuracy: float
    parameters: int
    licence: str = "Apache-2.0"
    layout: str = "timm"
    file: str = "model.safetensors"
    revision: str = "main"

    @property
    def page(self) -> str:
        """Where source and licence are stated."""
        return f"https://huggingface.co/{self.repository}"


TORCHVISION = {
    **{"resnet18": (0.6976, 11_689_512), "resnet34": (0.7331, 21_797_672)},
    **{"resnet50": (0.7613, 25_557_032), "resnet101": (0.7738, 44_549_160)},
    **{"vgg11": (0.6902, 132_863_336), "vgg11_bn": (0.7038, 132_868_840)},
    **{"vgg13": (0.6993, 133_047_848), "vgg13_bn": (0.7159, 133_053_736)},
    **{"vgg16": (0.7159, 138_357_544), "vgg16_bn": (0.7337, 138_365_992)},
    **{"vgg19": (0.7238, 143_667_240), "vgg19_bn": (0.7422, 143_678_248)},
    "inception_v3": (0.7743, 23_834_568),
}
"""Accuracy and parameters of torchvision's first weights of each network."""

TENSORFLOW = {
    **{"efficientnet_b1": (0.7883, 7_794_184), "efficientnet_b2": (0.8008, 9_109_994)},
    **{"efficientnet_b3": (0.8164, 12_233_232), "efficientnet_b4": (0.8302, 19_341_616)},
    **{"efficientnet_lite0": (0.7483, 4_652_008), "efficientnet_lite1": (0.7664, 5_416_680)},
    **{"efficientnet_lite2": (0.7746, 6_092_072), "efficientnet_lite3": (0.7981, 8_197_096)},
    "efficientnet_lite4": (0.8153, 13_006_568),
}
"""The same of networks that TensorFlow trained."""


def _published() -> dict[str, PublishedWeights]:
    known = {}
    for name, (accuracy, parameters) in TORCHVISION.items():
        layout = "timm" if name.startswith("vgg") else "torchvision"
        known[name] = PublishedWeights(
            name, f"timm/{name}.tv_in1k", accuracy, parameters, "BSD-3-Clause", layout
        )
    for name, repository, accuracy, parameters in (
        ("mobilenet_v2", "timm/mobilenetv2_100.ra_in1k", 0.7298, 3_504_872),
        ("efficientnet_b0", "timm/efficientnet_b0.ra_in1k", 0.7769, 5_288_548),
    ):
        known[name] = PublishedWeights(name, repository, accuracy, parameters)
    for name, (accuracy, parameters) in TENSORFLOW.items():
        end = "in1k" if "lite" in name else "aa_in1k"
        known[name] = PublishedWeights(
            name, f"timm/tf_{name}.{end}", accuracy, parameters, layout="timm_tf"
        )
    return known


PUBLISHED = _published()
"""Weights by the name of their architecture."""


def imagenet_classes() -> list[str]:
    """Names of ImageNet's 1000 classes, in the order of all published networks' outputs.

    The lemmas of each class's WordNet synset, separated by ", ".
    """
    text = files("src.load.weights").joinpath("imagenet_classes.txt").read_text("utf-8")
    return text.splitlines()
