"""Random rotation, zoom and shift of a whole mini-batch of small images at once, in NumPy.

An output pixel p takes its value from the input at

    q = R(-angle) (p - center - shift) / zoom + center

by bilinear interpolation: the mean of the four pixels around q, each weighted by its nearness.
Outside the image the nearest pixel of its edge is repeated. For single photos of any size there
is ``src.load.transforms.RandomAffine``.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class BatchRandomAffine:
    """Every image is rotated, zoomed and shifted by amounts of its own, drawn uniformly.

    Args:
        rotation: largest angle, degrees, either way.
        shift: largest shift, as a fraction of height and width, either way.
        zoom: largest change of size, as a fraction, larger or smaller.
    """

    rotation: float = 10.0
    shift: float = 0.1
    zoom: float = 0.1

    def draw(self, images: int, rng: np.random.Generator) -> NDArray[np.float32]:
        """(images, 4): angle (radians, counterclockwise), zoom, shift down, right (fractions)."""
        uniform = rng.uniform(-1, 1, (images, 4))
        scales = [np.deg2rad(self.rotation), self.zoom, self.shift, self.shift]
        return (uniform * scales + [0, 1, 0, 0]).astype(np.float32)

    def apply(self, x: NDArray[Any], params: NDArray[np.float32]) -> NDArray[Any]:
        """Move images.

        Args:
            x: (samples, height, width, channels), floating point.
            params: (samples, 4), of ``draw``.

        Returns:
            New images of the shape and dtype of x.
        """
        samples, height, width, channels = x.shape
        angle, zoom, down, right = (column[:, np.newaxis, np.newaxis] for column in params.T)
        # p - center - shift
        rows = np.arange(height, dtype=np.float32)[:, np.newaxis] - (height - 1) / 2 - down * height
        columns = np.arange(width, dtype=np.float32) - (width - 1) / 2 - right * width
        # q, kept inside the image
        cosine, sine = np.cos(angle) / zoom, np.sin(angle) / zoom
        y = np.clip(cosine * rows + sine * columns + (height - 1) / 2, 0, height - 1)
        q = np.clip(cosine * columns - sine * rows + (width - 1) / 2, 0, width - 1)
        # the pixel above and left of q, and how far q is from it
        top = np.minimum(y.astype(np.int32), max(height - 2, 0))
        left = np.minimum(q.astype(np.int32), max(width - 2, 0))
        down_weight, right_weight = ((y - top)[..., np.newaxis], (q - left)[..., np.newaxis])
        first = np.arange(samples)[:, np.newaxis, np.newaxis] * (height * width)
        corner = first + top * width + left
        step_down, step_right = min(height - 1, 1) * width, min(width - 1, 1)
        pixels = x.reshape(-1, channels)
        # take, unlike pixels[corner], lets go of Python's lock
        upper = (
            pixels.take(corner, 0) * (1 - right_weight)
            + pixels.take(corner + step_right, 0) * right_weight
        )
        corner += step_down
        lower = (
            pixels.take(corner, 0) * (1 - right_weight)
            + pixels.take(corner + step_right, 0) * right_weight
        )
        return (upper * (1 - down_weight) + lower * down_weight).astype(x.dtype, copy=False)
