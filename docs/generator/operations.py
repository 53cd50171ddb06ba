"""Which operations have a page: of which docstrings it is made, how its gradients are checked."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from docs.generator.checks import Checks, of_function, of_layer, of_loss
from src import classic_cnn as cnn
from src import classic_nn as nn
from src.classic_cnn import architectures, fold_batch_norm, quantized  # noqa: F401 - pages name them
from src.classic_cnn.layers import Resize2D, ZeroPad2D
from src.inference import pretrained  # noqa: F401
from src.inference.explain import faithfulness, randomization  # noqa: F401


@dataclass(frozen=True)
class Operation:
    """A page. The docstring of a module opens each of its parts, then come the names.

    Attributes:
        title: of the page.
        forward: modules below ``src``, with names of functions and classes, of what computes it.
        backward: likewise, of its gradients.
        layer: likewise, of the layers or losses that call these functions.
        checks: of its gradients.
    """

    title: str
    forward: dict[str, str]
    backward: dict[str, str] = field(default_factory=dict)
    layer: dict[str, str] = field(default_factory=dict)
    checks: Checks = field(default_factory=dict)

    @property
    def page(self) -> str:
        """File name of the page."""
        return f"{self.title.lower().replace(' ', '-')}.md"

    @property
    def modules(self) -> Sequence[str]:
        """All its modules, each once."""
        return list(dict.fromkeys([*self.forward, *self.backward, *self.layer]))


FUNCTIONS = "sigmoid relu leaky_relu tanh silu relu6 hard_swish softmax"
LABELS = np.array([[0.0, 1, 1], [1, 0, 0], [0, 0, 1], [1, 1, 0], [0, 0, 0]])
CLASSES = np.array([0, 3, 1, 1, 2])

DENSE = [
    Operation(
        "The classic model",
        {"classic_nn.classic_model": "initialize_parameters_deep custom_model_forward"},
        {"classic_nn.classic_model": "custom_model_backward update_parameters"},
    ),
    Operation(
        "Dense",
        {"classic_nn.layers.dense": "linear_forward"},
        {"classic_nn.layers.dense": "linear_backward"},
        {"classic_nn.layers.dense": "Dense"},
        of_layer("Dense(4)", lambda: nn.Dense(4), 6),
    ),
    Operation(
        "Activations",
        {"classic_nn.math": FUNCTIONS},
        {"classic_nn.math": " ".join(f"{name}_backward" for name in FUNCTIONS.split())},
        {
            "classic_nn.layers.activations": "Sigmoid ReLU LeakyReLU Tanh SiLU ReLU6 "
            "HardSwish Softmax",
            "classic_nn.layers.piecewise": "Clip HardSigmoid",
        },
        {k: check for name in FUNCTIONS.split() for k, check in of_function(name).items()},
    ),
    Operation(
        "Batch normalization",
        {
            "classic_nn.batch_norm.forward": "batch_norm_forward_by_steps batch_norm_forward "
            "batch_norm_inference update_running_statistics"
        },
        {
            "classic_nn.batch_norm.backward": "batch_norm_backward_by_steps batch_norm_backward "
            "batch_norm_inference_backward"
        },
        {"classic_nn.layers.batch_norm": "BatchNorm"},
        of_layer("BatchNorm() of features", nn.BatchNorm, 4)
        | of_layer("BatchNorm() of images", nn.BatchNorm, 3, 2, 4),
    ),
    Operation(
        "Dropout",
        {"classic_nn.layers.dropout": "dropout_forward"},
        {"classic_nn.layers.dropout": "dropout_backward"},
        {"classic_nn.layers.dropout": "Dropout"},
        of_layer("Dropout(0.4)", lambda: nn.Dropout(0.4), 6),
    ),
    Operation(
        "Dropout of parts",
        {"classic_nn.layers.structured_dropout": ""},
        layer={"classic_nn.layers.structured_dropout": "SpatialDropout StochasticDepth"},
        checks=of_layer("SpatialDropout(0.4)", lambda: nn.SpatialDropout(0.4), 3, 2, 4)
        | of_layer("StochasticDepth(0.4)", lambda: nn.StochasticDepth(0.4), 3, 4),
    ),
    Operation(
        "Flatten",
        {"classic_nn.layers.flatten": ""},
        layer={"classic_nn.layers.flatten": "Flatten"},
        checks=of_layer("Flatten()", nn.Flatten, 3, 2, 2),
    ),
]

NETWORKS = [
    Operation(
        "Layer",
        {"classic_nn.layers.base": ""},
        layer={"classic_nn.layers.base": "Layer TraceNode"},
        checks=of_layer("Layer(), the identity", nn.Layer, 3),
    ),
    Operation(
        "Sequential",
        {"classic_nn.layers.sequential": ""},
        layer={"classic_nn.layers.sequential": "Sequential"},
        checks=of_layer(
            "Sequential([Dense(5), BatchNorm(), ReLU(), Dense(3)])",
            lambda: nn.Sequential([nn.Dense(5), nn.BatchNorm(), nn.ReLU(), nn.Dense(3)]),
            4,
        ),
    ),
    Operation(
        "Residual",
        {"classic_nn.layers.residual": ""},
        layer={"classic_nn.layers.residual": "Residual"},
        checks=of_layer(
            "Residual(Sequential([Dense(5), Tanh()]))",
            lambda: nn.Residual(nn.Sequential([nn.Dense(5), nn.Tanh()])),
            5,
        ),
    ),
    Operation(
        "Parallel",
        {"classic_nn.layers.parallel": ""},
        layer={"classic_nn.layers.parallel": "Parallel"},
        checks=of_layer(
            "Parallel([Dense(2), Dense(3)])", lambda: nn.Parallel([nn.Dense(2), nn.Dense(3)]), 4
        ),
    ),
    Operation(
        "Graph",
        {"classic_nn.layers.graph": ""},
        layer={"classic_nn.layers.graph": "Graph Join"},
        checks=of_layer(
            'Graph([Dense(4), Tanh(), Join("Add")], [[-1], [0], [0, 1]])',
            lambda: nn.Graph([nn.Dense(4), nn.Tanh(), nn.Join("Add")], [[-1], [0], [0, 1]]),
            4,
        ),
    ),
    Operation(
        "Numbers for each channel",
        {"classic_nn.layers.per_channel": ""},
        layer={"classic_nn.layers.per_channel": "ScaleShift PReLU"},
        checks=of_layer("ScaleShift()", nn.ScaleShift, 3, 4) | of_layer("PReLU()", nn.PReLU, 3, 4),
    ),
    Operation(
        "Slices and shuffles of channels",
        {"classic_nn.layers.channels": ""},
        layer={"classic_nn.layers.channels": "SliceChannels ShuffleChannels"},
        checks=of_layer("SliceChannels(1, 3)", lambda: nn.SliceChannels(1, 3), 4)
        | of_layer("ShuffleChannels(2)", lambda: nn.ShuffleChannels(2), 6),
    ),
    Operation(
        "Instance normalization",
        {"classic_nn.layers.instance_norm": ""},
        layer={"classic_nn.layers.instance_norm": "InstanceNorm"},
        checks=of_layer("InstanceNorm()", nn.InstanceNorm, 3, 2, 4),
    ),
    Operation(
        "Local response normalization",
        {"classic_nn.layers.local_response": ""},
        layer={"classic_nn.layers.local_response": "LocalResponseNorm"},
        checks=of_layer("LocalResponseNorm(3, 0.5)", lambda: nn.LocalResponseNorm(3, 0.5), 3, 2, 5),
    ),
    Operation(
        "Squeeze and excitation",
        {"classic_nn.layers.squeeze_excitation": ""},
        layer={"classic_nn.layers.squeeze_excitation": "SqueezeExcitation"},
        checks=of_layer(
            "SqueezeExcitation(Sequential([Dense(2), ReLU(), Dense(4), Sigmoid()]))",
            lambda: nn.SqueezeExcitation(
                nn.Sequential([nn.Dense(2), nn.ReLU(), nn.Dense(4), nn.Sigmoid()])
            ),
            *(3, 2, 4),
        ),
    ),
]

CONVOLUTIONAL = [
    Operation(
        "Convolution",
        {"classic_cnn.forward": "conv_forward_plain conv_forward"},
        {"classic_cnn.backward": "conv_backward_plain conv_backward"},
        {"classic_cnn.layers.convolution": "Conv2D"},
        of_layer("Conv2D(3)", lambda: cnn.Conv2D(3), 5, 4, 2)
        | of_layer(
            'Conv2D(4, (2, 3), (2, 1), "same_tf", (1, 2), groups=2)',
            lambda: cnn.Conv2D(4, (2, 3), (2, 1), "same_tf", (1, 2), groups=2),
            *(6, 7, 4),
        ),
    ),
    Operation(
        "Depthwise convolution",
        {"classic_cnn.depthwise": "depthwise_forward_plain depthwise_forward"},
        {"classic_cnn.depthwise": "depthwise_backward_plain depthwise_backward"},
        checks=of_layer(
            "Conv2D(6, 3, 2, groups=3)", lambda: cnn.Conv2D(6, 3, 2, groups=3), 5, 5, 3
        ),
    ),
    Operation(
        "Pooling",
        {
            "classic_cnn.pooling.forward": "max_pool_forward_plain average_pool_forward_plain "
            "max_pool_forward average_pool_forward global_average_pool_forward"
        },
        {
            "classic_cnn.pooling.backward": "max_pool_backward_plain average_pool_backward_plain "
            "max_pool_backward average_pool_backward global_average_pool_backward"
        },
        {"classic_cnn.layers.pooling": "MaxPool2D AveragePool2D GlobalAveragePool"},
        of_layer("MaxPool2D(3, 2, 1)", lambda: cnn.MaxPool2D(3, 2, 1), 5, 5, 2)
        | of_layer("AveragePool2D(3, 2, 1)", lambda: cnn.AveragePool2D(3, 2, 1), 5, 5, 2)
        | of_layer("GlobalAveragePool()", cnn.GlobalAveragePool, 4, 3, 2),
    ),
    Operation(
        "Zero padding",
        {"classic_cnn.layers.zero_padding": ""},
        layer={"classic_cnn.layers.zero_padding": "ZeroPad2D"},
        checks=of_layer("ZeroPad2D(1)", lambda: ZeroPad2D(1), 3, 3, 2),
    ),
    Operation(
        "Resizing",
        {"classic_cnn.resizing": "resize_forward interpolation_matrix"},
        {"classic_cnn.resizing": "resize_backward"},
        {"classic_cnn.layers.resizing": "Resize2D"},
        of_layer("Resize2D((5, 3))", lambda: Resize2D((5, 3)), 3, 4, 2),
    ),
    Operation("Folding of batch normalization", {"classic_cnn.fold_batch_norm": "fold_batch_norm"}),
]

ARCHITECTURES = [
    Operation("Catalogue", {"classic_cnn.architectures.catalogue": "create_network Architecture"}),
    Operation("ResNet", {"classic_cnn.architectures.resnet": "resnet"}),
    Operation("VGG", {"classic_cnn.architectures.vgg": "vgg"}),
    Operation("InceptionV3", {"classic_cnn.architectures.inception_v3": "inception_v3"}),
    Operation("EfficientNet", {"classic_cnn.architectures.efficientnet": "efficientnet"}),
    Operation("MobileNetV2", {"classic_cnn.architectures.mobilenet_v2": "mobilenet_v2"}),
    Operation("SqueezeNet", {"classic_cnn.architectures.squeezenet": "squeezenet"}),
    Operation("Pretrained networks", {"inference.pretrained": "pretrained_network"}),
]

LOSSES = [
    Operation(
        "Binary cross-entropy",
        {"classic_nn.loss.binary_cross_entropy": "binary_cross_entropy"},
        {"classic_nn.loss.binary_cross_entropy": "binary_cross_entropy_backward"},
        {"classic_nn.loss.binary_cross_entropy": "BinaryCrossEntropy"},
        of_loss("BinaryCrossEntropy()", nn.BinaryCrossEntropy(), LABELS)
        | of_loss(
            "BinaryCrossEntropy(pos_weight=3)",
            nn.BinaryCrossEntropy(pos_weight=3),
            LABELS,
        ),
    ),
    Operation(
        "Softmax cross-entropy",
        {"classic_nn.loss.softmax_cross_entropy": "softmax_cross_entropy"},
        {"classic_nn.loss.softmax_cross_entropy": "softmax_cross_entropy_backward"},
        {"classic_nn.loss.softmax_cross_entropy": "SoftmaxCrossEntropy"},
        of_loss(
            "SoftmaxCrossEntropy(label_smoothing=0.1)",
            nn.SoftmaxCrossEntropy(label_smoothing=0.1),
            CLASSES,
        ),
    ),
    Operation(
        "Mean squared error",
        {"classic_nn.loss.mean_squared_error": "mean_squared_error"},
        {"classic_nn.loss.mean_squared_error": "mean_squared_error_backward"},
        {"classic_nn.loss.mean_squared_error": "MeanSquaredError"},
        of_loss("MeanSquaredError()", nn.MeanSquaredError(), LABELS),
    ),
]

LEARNING = [
    Operation("Initialization", {"classic_nn.initializers": "initialize_weights"}),
    Operation("Optimizer", {"classic_nn.optimizers.base": "Optimizer"}),
    Operation("SGD", {"classic_nn.optimizers.sgd": "SGD"}),
    Operation("Momentum", {"classic_nn.optimizers.momentum": "Momentum"}),
    Operation("Nesterov", {"classic_nn.optimizers.nesterov": "Nesterov"}),
    Operation("RMSProp", {"classic_nn.optimizers.rms_prop": "RMSProp"}),
    Operation("Adam", {"classic_nn.optimizers.adam": "adam_step_plain Adam AdamW"}),
    Operation("RAdam", {"classic_nn.optimizers.radam": "RAdam"}),
    Operation("Clipping", {"classic_nn.optimizers.clipping": "clip_by_norm clip_by_value"}),
    Operation("Regularization", {"classic_nn.regularization": "L2"}),
    Operation(
        "Learning-rate schedules",
        {
            "classic_nn.schedules": "Schedule StandardDecay ExponentialDecay StepDecay "
            "DiscreteDecay Cosine ReduceLROnPlateau"
        },
    ),
    Operation(
        "Gradient checks",
        {"classic_nn.gradient_check": "check_function check_layer check_loss check_network"},
    ),
]

EXPLANATIONS = [
    Operation("What is explained", {"inference.explain.score": "Score"}),
    Operation("Gradient", {"inference.explain.gradient": "gradient gradient_times_input"}),
    Operation("SmoothGrad", {"inference.explain.smooth_grad": "smooth_grad"}),
    Operation(
        "Integrated gradients",
        {
            "inference.explain.integrated_gradients": "integrated_gradients completeness",
            "inference.explain.quadrature": "gauss_legendre trapezoid",
            "inference.explain.baselines": "make_baseline",
        },
    ),
    Operation("Expected gradients", {"inference.explain.expected_gradients": "expected_gradients"}),
    Operation("Grad-CAM", {"inference.explain.grad_cam": "grad_cam outputs_and_gradients"}),
    Operation("Occlusion", {"inference.explain.occlusion": "occlusion window_corners"}),
    Operation(
        "Shapley values",
        {
            "inference.explain.kernel_shap": "kernel_shap choose_coalitions size_weight",
            "inference.explain.shapley": "shapley",
            "inference.explain.players": "grid superpixels features",
        },
    ),
    Operation(
        "Deletion and insertion", {"inference.explain.faithfulness": "exchange_curve share_inside"}
    ),
    Operation(
        "Randomization check",
        {"inference.explain.randomization": "randomized rank_correlation"},
    ),
]

QUANTIZATION = [
    Operation(
        "Integers for numbers",
        {"classic_nn.quantization.affine": "symmetric asymmetric linear Quantization"},
    ),
    Operation(
        "Ranges",
        {
            "classic_nn.quantization.ranges": "min_max moving_average percentile least_squares "
            "entropy",
            "classic_nn.quantization.statistics": "Statistics",
        },
    ),
    Operation(
        "Fake quantization",
        {"classic_nn.quantization.fake_quantization": "fake_quantize"},
        {"classic_nn.quantization.fake_quantization": "fake_quantize_backward"},
        {"classic_cnn.quantized.aware": "FakeQuantization AwareConv2D AwareDense"},
    ),
    Operation(
        "Products of integers",
        {
            "classic_nn.quantization.integer_products": "integer_matmul exact_parts",
            "classic_cnn.quantized.convolution": "integer_convolution",
        },
    ),
    Operation(
        "Networks of integers",
        {
            "classic_cnn.quantized.integer_layers": "ToIntegers IntegerConv2D IntegerDense "
            "IntegerAdd IntegerMultiply IntegerConcatenate IntegerMean ToNumbers",
            "classic_cnn.quantized.wrapped_layers": "OfIntegers IntegerTable InNumbers",
            "classic_cnn.quantized.integer_network": "IntegerNetwork",
        },
    ),
    Operation(
        "Weights in a few bits",
        {
            "classic_cnn.quantized.layers": "QuantizedConv2D QuantizedDense",
            "classic_cnn.quantized.weights": "pack unpack",
        },
    ),
]

WORKERS = [
    Operation("Communicator", {"classic_nn.communicator": "Communicator Solo"}),
    Operation("The step of a worker", {"classic_train.mini_batch.step": "MicroBatch WorkerStep"}),
    Operation("Threads", {"classic_train.parallel.workers": "Worker WorkerTeam"}),
    Operation("Processes", {"classic_train.parallel.processes": "Processes MPIProcesses"}),
    Operation("Sum of gradients", {"classic_train.parallel.overlap": "GradientSum overlap_pays"}),
    Operation("Random numbers of samples", {"classic_nn.sample_streams": "SampleStreams"}),
]

CHAPTERS = {
    "Dense networks": DENSE,
    "Networks of layers": NETWORKS,
    "Convolutional networks": CONVOLUTIONAL,
    "Published networks": ARCHITECTURES,
    "Losses": LOSSES,
    "Learning": LEARNING,
    "Several workers": WORKERS,
    "Explanations": EXPLANATIONS,
    "Quantization": QUANTIZATION,
}
"""Operations by chapter, in the order of reading."""
