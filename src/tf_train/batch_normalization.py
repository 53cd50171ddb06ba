"""Batch normalization for Keras, written by hand: forward, running statistics, gradient.

Steps and names are those of ``classic_nn.batch_norm``; here they are TensorFlow's operations, and
``tf.custom_gradient`` puts the closed form of the gradient in the place of automatic
differentiation.
"""

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

Tensor = Any


def normalize_batch(
    x: Tensor, gamma: Tensor, beta: Tensor, epsilon: float
) -> tuple[Tensor, Tensor, Tensor]:
    """Normalize with the statistics of the mini-batch, as while training.

    Ioffe and Szegedy 2015, algorithm 1, over all axes but the last:

        mean     mu    = sum(x) / n
        center   x_c   = x - mu
        variance var   = sum(x_c^2) / n             (biased: divided by n)
        inverse  r     = 1 / sqrt(var + epsilon)    (epsilon inside the root)
        output   y     = gamma x_hat + beta,  x_hat = x_c r

    and the gradient of section 3, its terms collected:

        dbeta  = sum(dy)
        dgamma = sum(dy x_hat)
        dx     = gamma r (dy - dbeta / n - x_hat dgamma / n)

    Args:
        x: (..., features).
        gamma: (features,), scale.
        beta: (features,), shift.
        epsilon: added to the variance.

    Returns:
        y: (..., features); mean (features,) and variance (features,), through which no gradient
        flows.
    """

    @tf.custom_gradient  # type: ignore[untyped-decorator]
    def normalize(
        x: Tensor, gamma: Tensor, beta: Tensor
    ) -> tuple[tuple[Tensor, ...], Callable[..., tuple[Tensor, ...]]]:
        axes = list(range(x.shape.rank - 1))
        mean = tf.reduce_mean(x, axes)
        x_c = x - mean
        variance = tf.reduce_mean(tf.square(x_c), axes)
        r = 1 / tf.sqrt(variance + epsilon)
        x_hat = x_c * r

        def backward(dy: Tensor, *_: Tensor) -> tuple[Tensor, ...]:
            n = tf.cast(tf.size(dy) / tf.size(gamma), dy.dtype)
            dbeta = tf.reduce_sum(dy, axes)
            dgamma = tf.reduce_sum(dy * x_hat, axes)
            dx = gamma * r * (dy - dbeta / n - x_hat * (dgamma / n))
            return dx, dgamma, dbeta

        return (gamma * x_hat + beta, mean, variance), backward

    y, mean, variance = normalize(x, gamma, beta)
    return y, mean, variance


@keras.saving.register_keras_serializable(package="classic_nn")
class BatchNormalization(keras.layers.Layer):  # type: ignore[misc]
    """Normalize each feature (last axis), then scale and shift it.

    It takes the place of ``keras.layers.BatchNormalization``: same arrays by the same names, same
    numbers. In evaluation the running statistics take the place of those of the mini-batch. As
    Keras's, and unlike PyTorch's and ours, the running variance follows the biased variance.

    Args:
        momentum: fraction of the old running value that remains at each step.
        epsilon: added to the variance, inside the root.
        settings: of ``keras.layers.Layer``.
    """

    def __init__(self, momentum: float = 0.99, epsilon: float = 1e-3, **settings: Any) -> None:
        super().__init__(**settings)
        self.momentum, self.epsilon = momentum, epsilon

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """gamma = 1, beta = 0, moving mean = 0, moving variance = 1, each (features,)."""
        features = (input_shape[-1],)
        self.gamma = self.add_weight(name="gamma", shape=features, initializer="ones")
        self.beta = self.add_weight(name="beta", shape=features, initializer="zeros")
        self.moving_mean = self.add_weight(
            name="moving_mean", shape=features, initializer="zeros", trainable=False
        )
        self.moving_variance = self.add_weight(
            name="moving_variance", shape=features, initializer="ones", trainable=False
        )

    def call(self, x: Tensor, training: bool = False) -> Tensor:
        """(samples, ..., features) to the same shape; a frozen layer evaluates."""
        gamma, beta = tf.convert_to_tensor(self.gamma), tf.convert_to_tensor(self.beta)
        if not (training and self.trainable):
            r = 1 / tf.sqrt(self.moving_variance + self.epsilon)
            return gamma * ((x - self.moving_mean) * r) + beta
        y, mean, variance = normalize_batch(x, gamma, beta, self.epsilon)
        for running, batch in ((self.moving_mean, mean), (self.moving_variance, variance)):
            running.assign(self.momentum * running + (1 - self.momentum) * batch)
        return y

    def get_config(self) -> dict[str, Any]:
        """Settings, as Keras saves them."""
        return {**super().get_config(), "momentum": self.momentum, "epsilon": self.epsilon}
