"""Which operation has which figure, and what is to be seen in it."""

from docs.generator.figures import (
    architectures,
    convolution,
    dense,
    explanations,
    learning,
    networks,
    quantization,
    valley,
    workers,
)
from docs.generator.figures.drawing import Drawing

DENSE = {
    "The classic model": [
        Drawing(
            dense.classic_model,
            "A network of 2, 12 and 1 units learns to tell two rings apart: its answer at every "
            "place of the plane, from 0 (blue) to 1 (red), while it takes steps.",
        )
    ],
    "Dense": [
        Drawing(
            dense.dense,
            "Three samples of four features become two outputs: each number of z is a row of a "
            "times a column of W, added up, and b.",
        )
    ],
    "Activations": [
        Drawing(dense.activations, "Each function (blue) and its derivative (orange, dashed)."),
        Drawing(
            dense.softmax,
            "Softmax: one logit grows by 0.3 a frame. Its probability grows at the cost of all "
            "others, whose ratios stay as they are.",
        ),
    ],
    "Batch normalization": [
        Drawing(
            dense.batch_norm,
            "A mini-batch of 120 samples (dots; + is their mean) through the numbered steps. After "
            "step 5 it lies around 0 with standard deviation 1 (dotted circle); gamma and beta "
            "then put it where the network wants it.",
        )
    ],
    "Dropout": [
        Drawing(
            dense.dropout,
            "Each pass sets other values to 0 and makes the rest larger, 1 / (1 - rate) times. "
            "That is why the mean of many passes is x.",
        )
    ],
    "Dropout of parts": [
        Drawing(
            dense.dropout_of_parts,
            "The same photo four times in a mini-batch: whole channels are dropped (colors go), or "
            "whole samples.",
        )
    ],
    "Flatten": [Drawing(dense.flatten, "Rows of an image, one behind the other.")],
}

NETWORKS = {
    "Layer": [
        Drawing(
            dense.layer_identity,
            "The base of all layers computes the identity: x goes on, and dy comes back.",
        )
    ],
    "Sequential": [
        Drawing(networks.sequential, "Its trace: each layer takes the output of the one before.")
    ],
    "Residual": [
        Drawing(
            networks.residual,
            "Its trace: the input goes through the block, and past it; both are added.",
        )
    ],
    "Parallel": [
        Drawing(
            networks.parallel,
            "Its trace: two branches take the same input, and their channels are joined.",
        )
    ],
    "Graph": [Drawing(networks.graph, "Its trace: a layer may take any output before it.")],
    "Numbers for each channel": [
        Drawing(
            networks.per_channel,
            "A photo x; ScaleShift with gamma 1.3, 0.8 and 0.4 for red, green and blue; and PReLU, "
            "of x - ½ so that there is something below 0: slope 1 leaves red as it is, 0 is a "
            "ReLU for green, -1 the absolute value of blue.",
        )
    ],
    "Slices and shuffles of channels": [
        Drawing(
            networks.channels,
            "Twelve channels, numbered: shuffling takes one of each of three groups in turn.",
        )
    ],
    "Instance normalization": [
        Drawing(
            networks.instance_norm,
            "A photo and a darker copy have the same output: each channel of each photo is "
            "normalized by itself.",
        )
    ],
    "Local response normalization": [
        Drawing(
            networks.local_response,
            "Channel 7 is six times as large as the others. Those within its window are divided by "
            "more than those further away.",
        )
    ],
    "Squeeze and excitation": [
        Drawing(
            networks.squeeze_excitation,
            "Its trace: the mean of each map goes through two small dense layers and comes back as "
            "a factor for the whole map.",
        )
    ],
}

CONVOLUTIONAL = {
    "Convolution": [
        Drawing(
            convolution.convolution,
            "A kernel that finds edges slides over a digit. At each place the window is "
            "multiplied with the kernel, number by number, and the nine products are added up.",
        ),
        Drawing(
            convolution.maps_of_a_digit,
            "What eight kernels, which were learned, make of a digit (after the ReLU).",
        ),
    ],
    "Depthwise convolution": [
        Drawing(
            convolution.depthwise,
            "Each channel of a photo with a kernel of its own; nothing is added over channels.",
        )
    ],
    "Pooling": [
        Drawing(
            convolution.pooling,
            "Windows of 2 x 2 (orange) with their largest value, which is where the gradient will "
            "go (blue), and their mean, whose gradient goes to all four.",
        )
    ],
    "Zero padding": [
        Drawing(
            convolution.zero_padding,
            "A photo with one row of zeros above it, three below, two columns left, and six right.",
        )
    ],
    "Resizing": [
        Drawing(
            convolution.resizing,
            "Twelve pixels become forty: the nearest, or a mean of two, which is a product with "
            "the matrix A along each axis.",
        )
    ],
    "Folding of batch normalization": [
        Drawing(
            convolution.folding,
            "A network of three blocks before and after: fewer operations, and the same outputs.",
        )
    ],
}

PUBLISHED = {
    "Catalogue": [
        Drawing(
            architectures.catalogue,
            "Every architecture of the catalogue, for a thousand classes and photos of its size.",
        )
    ],
    **{
        title: [
            Drawing(
                architectures.stages(name),
                f"{name}: parameters and multiply-adds of its stages, counted by its trace.",
            )
        ]
        for title, name in {
            "ResNet": "resnet50",
            "VGG": "vgg16",
            "InceptionV3": "inception_v3",
            "EfficientNet": "efficientnet_b0",
            "MobileNetV2": "mobilenet_v2",
            "SqueezeNet": "squeezenet1_1",
        }.items()
    },
}

LOSSES = {
    "Binary cross-entropy": [
        Drawing(
            learning.loss_curves(learning.binary),
            "The cost of one logit and its gradient p - y, which is 1 at most, however wrong the "
            "answer; with pos_weight 3 a missed label counts three times as much.",
        )
    ],
    "Softmax cross-entropy": [
        Drawing(
            learning.loss_curves(learning.softmax),
            "One of three logits moves, the others are 0. With smoothed labels there is a best "
            "place, where the gradient is 0; without, certainty is never enough.",
        )
    ],
    "Mean squared error": [
        Drawing(
            learning.loss_curves(learning.squared),
            "A parabola, and its gradient, which grows with the error without end.",
        )
    ],
}

REMARKS = {
    "sgd": ": it points across the valley, hardly along it.",
    "radam": ", gray is plain SGD. Its first five steps are plain momentum; then its mean square "
    "is trusted, but little at first: the rectification r begins near 0, and so steps stay small "
    "for long.",
}

LEARNING = {
    "Initialization": [
        Drawing(
            learning.initialization,
            "The size of values on their way through ten layers of ReLU. He's factor keeps it; a "
            "little less or more, and it falls or grows with every layer.",
        )
    ],
    **{
        title: [
            Drawing(
                valley.on_the_valley(name),
                f"{name} on a valley that is 40 times as curved across as along; the blue arrow "
                f"is the negative gradient{REMARKS.get(name, ', gray is plain SGD.')}",
            )
        ]
        for title, name in {
            "SGD": "sgd",
            "Momentum": "momentum",
            "Nesterov": "nesterov",
            "RMSProp": "rms_prop",
            "Adam": "adam",
            "RAdam": "radam",
        }.items()
    },
    "Clipping": [
        Drawing(
            learning.clipping,
            "Gradients (gray) and what clipping leaves of them (orange): by norm they keep their "
            "direction, by value they end in a square.",
        )
    ],
    "Regularization": [
        Drawing(
            learning.regularization,
            "Sums of nine polynomials, fitted to ten points of a curve with noise. The larger the "
            "penalty, the smaller the weights, and the less the sum follows the noise.",
        )
    ],
    "Learning-rate schedules": [
        Drawing(
            valley.schedule(name),
            f"{name}: gradients with noise keep plain SGD (gray) from the bottom of the valley; a "
            "smaller learning rate makes the steps of noise smaller too.",
        )
        for name in valley.SCHEDULES
    ],
    "Gradient checks": [
        Drawing(
            learning.gradient_checks,
            "A large step h is wrong by the curve between its ends, a small one by rounding. In "
            "between, a right gradient agrees to ten digits, and a wrong one at no h.",
        )
    ],
}

EXPLANATIONS = {
    "What is explained": [
        Drawing(explanations.scores, "A digit and its ten logits; f is the one for a 3.")
    ],
    "Gradient": [
        Drawing(
            explanations.gradients,
            "Where the logit of a 3 would grow with more ink (red) or with less (blue), and the "
            "same times the ink that is there.",
        )
    ],
    "SmoothGrad": [
        Drawing(explanations.smooth, "The gradient, and its mean over 50 noisy copies.")
    ],
    "Integrated gradients": [
        Drawing(
            explanations.integral,
            "f from no ink to the digit; the integral of its gradient on that way adds up to its "
            "rise, up to an error that falls with the number of steps (right).",
        )
    ],
    "Expected gradients": [
        Drawing(
            explanations.expected,
            "With other digits as baselines: what tells this one from them.",
        )
    ],
    "Grad-CAM": [
        Drawing(
            explanations.cam,
            "The maps of both convolutions, added up with their gradients as weights, and cut off "
            "below 0: the deeper, the coarser.",
        )
    ],
    "Occlusion": [
        Drawing(explanations.hiding, "How much the logit falls where 2 x 2 pixels are covered.")
    ],
    "Shapley values": [
        Drawing(
            explanations.shap,
            "The digit in 16 and in 4 parts: what each adds, on average over all orders.",
        )
    ],
    "Deletion and insertion": [
        Drawing(
            explanations.curves,
            "Pixels are hidden, or shown, in the order of the explanation and at random. The "
            "numbers are the areas below.",
        )
    ],
    "Randomization check": [
        Drawing(
            explanations.randomization,
            "The explanation changes when the network forgets what it has learned, layer by layer "
            "from the top; the numbers are rank correlations with the first map.",
        )
    ],
}

QUANTIZATION = {
    "Integers for numbers": [
        Drawing(
            quantization.integers,
            "Three bits for numbers from -1 to 2: symmetric ones waste integers on the side that "
            "is shorter.",
        )
    ],
    "Ranges": [
        Drawing(
            quantization.ranges,
            "Where each method ends the range of 400,000 numbers with a long tail, and the error "
            "that 4 bits then make.",
        )
    ],
    "Fake quantization": [
        Drawing(
            quantization.fake,
            "The forward pass rounds; the backward pass takes the slope of the line through the "
            "stairs, and 0 where the range ends.",
        )
    ],
    "Products of integers": [
        Drawing(
            quantization.products,
            "Float32 holds integers up to 2^24. So many products of inputs of 8 bits and weights "
            "of 2 to 8 bits can be added up before that.",
        )
    ],
    "Networks of integers": [
        Drawing(
            quantization.networks,
            "A small CNN on test digits with its weights in fewer and fewer bits.",
        )
    ],
    "Weights in a few bits": [
        Drawing(
            quantization.few_bits,
            "The same 16 kernels in float, 4 bits and 2 bits. Each has a scale of its own, and so "
            "its own 15, or 3, values.",
        )
    ],
}

WORKERS = {
    "Communicator": [
        Drawing(
            workers.sum_of_shards,
            "Three threads with an array each; all_reduce gives every one of them the sum.",
        )
    ],
    "Random numbers of samples": [
        Drawing(
            workers.streams,
            "Dropout for eight samples: the same values are dropped, by one worker or by two.",
        )
    ],
}

FIGURES: dict[str, list[Drawing]] = {
    **DENSE,
    **NETWORKS,
    **CONVOLUTIONAL,
    **PUBLISHED,
    **LOSSES,
    **LEARNING,
    **EXPLANATIONS,
    **QUANTIZATION,
    **WORKERS,
}
"""Figures by the title of an operation's page."""
