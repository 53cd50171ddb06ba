"""Networks by the names under which they were published."""

from src.classic_cnn.architectures.catalogue import ARCHITECTURES, Architecture, create_network
from src.classic_cnn.architectures.efficientnet import efficientnet
from src.classic_cnn.architectures.inception_v3 import inception_v3
from src.classic_cnn.architectures.lenet import lenet
from src.classic_cnn.architectures.mobilenet_v2 import mobilenet_v2
from src.classic_cnn.architectures.photo_cnn import photo_cnn
from src.classic_cnn.architectures.resnet import resnet
from src.classic_cnn.architectures.small_cnn import small_cnn
from src.classic_cnn.architectures.squeezenet import squeezenet
from src.classic_cnn.architectures.tiny_vgg import tiny_vgg, tiny_vgg_dishes
from src.classic_cnn.architectures.vgg import vgg

__all__ = [
    "ARCHITECTURES",
    "Architecture",
    "create_network",
    "efficientnet",
    "inception_v3",
    "lenet",
    "mobilenet_v2",
    "photo_cnn",
    "resnet",
    "small_cnn",
    "squeezenet",
    "tiny_vgg",
    "tiny_vgg_dishes",
    "vgg",
]
