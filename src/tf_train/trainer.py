"""Training ResNet50 by Keras and TensorFlow: the loop, data and callbacks are those of the NumPy
trainer.

What is TensorFlow's: forward, loss, gradients by its automatic differentiation (but for batch
normalization, see ``batch_normalization``), Adam's step, and the outputs on validation data.
"""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from src.classic_nn.array_types import Array
from src.classic_nn.layers.sequential import Sequential
from src.classic_nn.loss import SoftmaxCrossEntropy
from src.classic_nn.loss.base import Loss
from src.classic_nn.optimizers import Adam, Optimizer
from src.classic_train.mini_batch import MiniBatchTrainer
from src.classic_train.mini_batch.step import MicroBatch
from src.classic_train.mini_batch.twin import TwinTrainer
from src.common.files import atomic_path
from src.tf_train.network import (
    copy_from_keras,
    copy_to_keras,
    paired_variables,
    to_keras,
)

MODEL = "resnet50.keras"
"""Keras's own file of the trained network, in the directory of a run."""


class KerasTrainer(TwinTrainer):
    """Trains a ResNet50 of ours as Keras's.

    Args:
        network: of ``our_resnet50``, built.
        loss: softmax cross-entropy.
        optimizer: Adam, without a factor of its own for any layer. Keras's takes its settings, of
            which epsilon means another thing ("epsilon hat", added to the root of v itself).
        settings: of ``TwinTrainer``.

    Attributes:
        model: Keras's.
        batch_samples: size of the current mini-batch.
        batch_right: how many of them were classified rightly.

    Raises ValueError for what has no translation.
    """

    def __init__(
        self,
        network: Sequential,
        loss: Loss,
        optimizer: Optimizer,
        **settings: Any,
    ) -> None:
        if loss != SoftmaxCrossEntropy():
            raise ValueError(f"expected SoftmaxCrossEntropy(), got {loss}")
        if type(optimizer) is not Adam or optimizer.rate_factors:
            raise ValueError(f"expected Adam with one learning rate, got {optimizer}")
        for name in ("l2", "clip_norm", "clip_value", "augmentation"):
            if settings.get(name) is not None:
                raise ValueError(f"{name} has no translation here: expected None")
        if settings.get("accumulate", 1) != 1:
            raise ValueError("accumulate has no translation here: expected 1")
        self.batch_samples = self.batch_right = 0
        self._adam: Adam = optimizer
        super().__init__(network, loss, optimizer, **settings)

    def _make_twin(self) -> None:
        self.model = to_keras(self._network)
        paired = paired_variables(self.model, self._network)
        self._variables = {name: paired[name] for name in self._network.parameters}
        adam = self._adam
        self._twin = keras.optimizers.Adam(adam.learning_rate, adam.beta1, adam.beta2, adam.epsilon)
        self._twin.build(list(self._variables.values()))
        self._gradient, self._update, self._predict = self._compiled()

    def _compiled(self) -> tuple[Any, Any, Any]:
        """Loss with its gradients, Adam's step, and outputs in evaluation, each as one graph."""
        model, variables = self.model, list(self._variables.values())

        @tf.function(reduce_retracing=True)  # type: ignore[untyped-decorator]
        def gradient(x: Any, y: Any, weights: Any) -> Any:
            with tf.GradientTape() as tape:
                z = model(x, training=True)
                terms = tf.nn.sparse_softmax_cross_entropy_with_logits(y, z)
                loss = tf.reduce_sum(weights * terms) / tf.reduce_sum(weights)
            right = tf.reduce_sum(tf.cast(tf.argmax(z, 1, y.dtype) == y, tf.int32))
            return loss, right, tape.gradient(loss, [v.value for v in variables])

        @tf.function  # type: ignore[untyped-decorator]
        def update(gradients: Any) -> None:
            self._twin.apply(gradients, variables)

        @tf.function(reduce_retracing=True)  # type: ignore[untyped-decorator]
        def predict(x: Any) -> Any:
            return model(x, training=False)

        return gradient, update, predict

    def _moments(self) -> dict[str, tuple[Any, Any]]:
        """Keras's m and v, by the names of our parameters."""
        m, v = self._twin._momentums, self._twin._velocities
        return dict(zip(self._variables, zip(m, v, strict=True), strict=True))

    def _copy_to_twin(self) -> None:
        copy_to_keras(self._network, self.model)

    def _copy_from_twin(self) -> None:
        copy_from_keras(self.model, self._network)

    def _copy_gradients(self) -> None:
        for name, gradient in zip(self._variables, self._tensors, strict=True):
            np.copyto(self._gradients[name], gradient.numpy())

    def _copy_optimizer_to_twin(self) -> None:
        adam = self._adam
        self._twin.iterations.assign(adam.step_count)
        for name, (m, v) in self._moments().items():
            m.assign((1 - adam.beta1) * adam.state["gradient_sum"][name])
            v.assign((1 - adam.beta2) * adam.state["square_sum"][name])

    def _copy_optimizer_from_twin(self) -> None:
        adam, layout = self._adam, self._network.parameters
        adam.state = {slot: layout.zeros_like() for slot in adam.slots}
        for name, (m, v) in self._moments().items():
            adam.state["gradient_sum"][name][...] = m.numpy() / (1 - adam.beta1)
            adam.state["square_sum"][name][...] = v.numpy() / (1 - adam.beta2)

    def _train_batch(self, micro_batches: Sequence[MicroBatch]) -> None:
        """Forward, loss, backward and update."""
        self._notify("on_batch_begin")
        self._update_twin()
        (micro_batch,) = micro_batches
        data = micro_batch.data
        weights = np.ones(len(data.y)) if data.weights is None else data.weights
        loss, right, self._tensors = self._gradient(
            tf.constant(data.x), tf.constant(data.y), tf.constant(weights, data.x.dtype)
        )
        self.batch_samples, self.batch_right = len(data.y), int(right)
        self._gradients_are_new = False
        self.batch_cost = float(loss)
        if not math.isfinite(self.batch_cost):
            self._diverged(f"the cost is {self.batch_cost}", [data])
        self._notify("after_backward")
        self._update_twin()
        self._twin.learning_rate = self.optimizer.learning_rate
        self._update(self._tensors)
        self.optimizer.step_count += 1
        self._network_is_new = False
        self._notify("on_batch_end")

    def _logits(self, x: Array) -> Array:
        z: Array = self._predict(tf.constant(x)).numpy()
        return z


def save_keras(trainer: MiniBatchTrainer, directory: Path) -> list[Path]:
    """Write Keras's own file, with the weights that the network has now; returns its path."""
    assert isinstance(trainer, KerasTrainer)
    path = directory / MODEL
    with atomic_path(path) as partial:
        to_keras(trainer.network).save(partial)
    return [path]
