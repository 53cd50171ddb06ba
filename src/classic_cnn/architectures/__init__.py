"""Networks by the names under which they were published."""

from src.classic_cnn.architectures.lenet import lenet
from src.classic_cnn.architectures.tiny_vgg import tiny_vgg, tiny_vgg_dishes

__all__ = ["lenet", "tiny_vgg", "tiny_vgg_dishes"]
