"""The networks of the recipes, made from options and data."""

from src.classic_cnn.architectures import lenet, photo_cnn, small_cnn, tiny_vgg_dishes
from src.classic_nn.layers import ACTIVATIONS, BatchNorm, Dense, Dropout, Flatten, Layer, Sequential
from src.classic_train.cli.options import TrainingOptions
from src.classic_train.data.splits import RecipeData


def multi_layer_perceptron(options: TrainingOptions, data: RecipeData) -> Sequential:
    """[Dense, activation, Dropout] for every hidden layer, then Dense."""
    return _perceptron(options, data, batch_norm=False)


def batch_norm_perceptron(options: TrainingOptions, data: RecipeData) -> Sequential:
    """[Dense, BatchNorm, activation, Dropout] for every hidden layer, then Dense."""
    return _perceptron(options, data, batch_norm=True)


def _perceptron(options: TrainingOptions, data: RecipeData, batch_norm: bool) -> Sequential:
    layers: list[Layer] = [Flatten()] if len(data.input_shape) > 1 else []
    for width in options.hidden:
        layers.append(Dense(width, not batch_norm, options.initialization))
        layers += [BatchNorm()] if batch_norm else []
        layers.append(ACTIVATIONS[options.activation]())
        layers += [Dropout(options.dropout)] if options.dropout else []
    layers.append(Dense(data.outputs, initialization=options.initialization))
    return Sequential(layers)


def lenet_network(options: TrainingOptions, data: RecipeData) -> Sequential:
    """LeNet, with the dropout of the options."""
    return lenet(data.outputs, options.dropout)


def scene_network(options: TrainingOptions, data: RecipeData) -> Sequential:
    """Two blocks of two convolutions: sees digits wherever they stand."""
    return small_cnn(data.outputs, ((32, 32), (64, 64)), options.hidden, options.dropout)


def sign_network(options: TrainingOptions, data: RecipeData) -> Sequential:
    """Three blocks of one convolution each."""
    return small_cnn(data.outputs, ((32,), (64,), (128,)), options.hidden, options.dropout)


def dishes_network(options: TrainingOptions, data: RecipeData) -> Sequential:
    """The dish classifier's TinyVGG, which has its own dropout."""
    return tiny_vgg_dishes(data.outputs)


def photo_network(options: TrainingOptions, data: RecipeData) -> Sequential:
    """Convolutions that end in the mean of each map: few parameters for few photos."""
    return photo_cnn(data.outputs, options.hidden, options.dropout)
