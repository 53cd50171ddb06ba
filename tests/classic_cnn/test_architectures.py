import numpy as np
import pytest

from src.classic_cnn.architectures import lenet, tiny_vgg, tiny_vgg_dishes
from src.classic_nn import (
    BinaryCrossEntropy,
    SoftmaxCrossEntropy,
    check_network,
    create_optimizer,
)
from src.classic_nn.data_utils import handwritten_digits
from src.classic_nn.layers import copy_network
from src.classic_nn.utils.metrics import accuracy
from src.classic_train import MiniBatchTrainer

# name -> (network, image, parameters counted by hand)
CASES = {
    "lenet": (lenet(), (28, 28, 1), 9 * 32 + 32 + 9 * 32 * 64 + 64 + 3136 * 128 + 128 + 1290),
    "tiny_vgg": (
        tiny_vgg(3),
        (64, 64, 3),
        (27 * 10 + 10) + 3 * (90 * 10 + 10) + 13 * 13 * 10 * 3 + 3,
    ),
    "tiny_vgg_dishes": (
        tiny_vgg_dishes(2),
        (128, 128, 3),
        9 * (3 * 16 + 16 * 16 + 16 * 32 + 32 * 32 + 32 * 64 + 64 * 64)
        + 2 * (16 + 16 + 32 + 32 + 64 + 64)
        + 16 * 16 * 64 * 128
        + 128
        + 128 * 2
        + 2,
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_parameters_and_outputs(name):
    network, image, parameters = CASES[name]
    network.build(image, np.random.default_rng(0))
    assert network.parameters.vector.size == parameters
    logits, _ = network.forward(np.ones((2, *image), np.float32))
    assert logits.shape == (2, *network.output_shape(image))
    assert logits.dtype == np.float32


@pytest.mark.parametrize(
    ("network", "image"), [(lenet(3), (8, 8, 1)), (tiny_vgg_dishes(3), (8, 8, 3))]
)
def test_gradients_of_whole_networks(network, image, rng):
    network.build(image, rng, np.float64)
    network.parameters.vector += rng.normal(0, 0.01, network.parameters.vector.size)
    x, y = rng.normal(size=(3, *image)), (rng.random((3, 3)) < 0.5) * 1.0
    check_network(network, BinaryCrossEntropy(), x, y, rng, max_elements=8).raise_if_failed()


def test_a_copy_is_made_from_the_configuration(rng):
    network = tiny_vgg_dishes(2)
    network.build((16, 16, 3), rng)
    x = rng.normal(size=(2, 16, 16, 3)).astype(np.float32)
    assert np.array_equal(copy_network(network).forward(x)[0], network.forward(x)[0])


def test_workers_give_the_same_curve(rng):
    def costs(workers):
        network = lenet(3)
        network.build((8, 8, 1), np.random.default_rng(0), np.float64)
        trainer = MiniBatchTrainer(
            network,
            SoftmaxCrossEntropy(),
            create_optimizer("adam"),
            batch_size=7,
            epochs=2,
            workers=workers,
        )
        return [record["cost"] for record in trainer.fit((images, classes))]

    images, classes = rng.normal(size=(16, 8, 8, 1)), rng.integers(3, size=16)
    assert costs(2) == pytest.approx(costs(1), rel=1e-9)


def test_lenet_reads_handwriting_that_it_has_not_seen():
    """Real digits, 8 x 8: more than nineteen of twenty after three epochs."""
    splits = handwritten_digits()
    network = lenet()
    network.build((8, 8, 1), np.random.default_rng(0))
    trainer = MiniBatchTrainer(
        network,
        SoftmaxCrossEntropy(),
        create_optimizer("adam", learning_rate=0.003),
        batch_size=32,
        epochs=3,
        metrics={"accuracy": accuracy},
    )
    data = {split: (images[..., np.newaxis], names) for split, (images, names) in splits.items()}
    assert trainer.fit(data["train"], data["test"])[-1]["accuracy"] > 0.95
