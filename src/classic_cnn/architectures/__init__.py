"""Networks by the names under which they were published."""

from src.classic_cnn.architectures.lenet import lenet
from src.classic_cnn.architectures.photo_cnn import photo_cnn
from src.classic_cnn.architectures.small_cnn import small_cnn
from src.classic_cnn.architectures.tiny_vgg import tiny_vgg, tiny_vgg_dishes

__all__ = ["lenet", "photo_cnn", "small_cnn", "tiny_vgg", "tiny_vgg_dishes"]
