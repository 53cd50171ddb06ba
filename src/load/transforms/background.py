"""Other backgrounds: so that a network learns the subject, and not what usually lies around it.

Photos of one class are often taken in one place: leaves on grey paper, plates on one table. A
network then learns the place. Two exchanges take that way from it, and neither looks at labels:

- a photo on a plain background: its subject is cut out (see ``load.subject``), turned, scaled, and
  put on a part of some scene, or on a surface of any colour and grain;
- any other photo: a part of it takes the place that the subject has in some photo on a plain
  background, with the subject's outline.

Afterwards neither the background nor the outline says anything of the class (Xiao et al. 2021,
"Noise or signal: the role of image backgrounds in object recognition").
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from src.load.subject import subject_mask
from src.load.transforms.base import Transform, check_probability
from src.load.transforms.geometry import affine
from src.load.transforms.resizing import RandomResizedCrop

EDGE = 1 / 150
"""Softness of a cut-out's edge, as a fraction of the photo's width."""

SURFACES = 0.2
"""Fraction of the subjects that come on a drawn surface, where there are scenes too."""

PART = (0.2, 1.0)
"""Least and most fraction of a scene, or of a photo, that is taken."""


@dataclass(frozen=True)
class Backgrounds:
    """What subjects are put on.

    Attributes:
        scenes: photos without a plain background, of none of the wanted classes: (height, width,
            3) levels.
        stages: photos with one, and where their subjects are: (height, width, 3) levels and
            (height, width).
    """

    scenes: Sequence[NDArray[np.uint8]]
    stages: Sequence[tuple[NDArray[np.uint8], NDArray[np.bool_]]]

    def digest(self) -> str:
        """SHA-256 of all."""
        digest = hashlib.sha256()
        for array in (*self.scenes, *(array for stage in self.stages for array in stage)):
            digest.update(f"{array.dtype} {array.shape}".encode() + array.tobytes())
        return digest.hexdigest()


@dataclass(frozen=True)
class RandomBackground(Transform):
    """With probability p, another background; see the module.

    Args:
        backgrounds: to choose from. Without scenes, subjects come on surfaces that are drawn, as
            one in five does else; without stages, photos without a plain background stay.
        p: probability of an exchange.
        scale: least and most size of a subject, by that in its own photo.
        degrees: largest angle by which a subject is turned, either way.
        copies: of a subject in a scene, at most: things seldom come alone, leaves least of all.
    """

    backgrounds: Backgrounds = field(repr=False)
    p: float = 0.5
    scale: tuple[float, float] = (0.4, 1.3)
    degrees: float = 180.0
    copies: int = 4
    random: ClassVar[bool] = True

    def __post_init__(self) -> None:
        check_probability(self.p)

    def __call__(self, image: Image.Image, rng: np.random.Generator) -> Image.Image:
        """The photo, or another one with its subject or with a part of it."""
        if rng.random() >= self.p:
            return image
        photo = image.convert("RGB")
        mask = subject_mask(photo)
        made = self._on_stage(photo, rng) if mask is None else self._in_scene(photo, mask, rng)
        return image if made is photo else made.convert(image.mode)

    def settings(self) -> dict[str, Any]:
        """Its settings, with a digest for the photos."""
        return {**super().settings(), "backgrounds": self.backgrounds.digest()}

    def _in_scene(
        self, image: Image.Image, mask: NDArray[np.bool_], rng: np.random.Generator
    ) -> Image.Image:
        scenes = self.backgrounds.scenes
        if not len(scenes) or rng.random() < SURFACES:
            scene = surface(image.size, rng)
        else:
            photo = Image.fromarray(scenes[int(rng.integers(len(scenes)))])
            scene = _part(photo, image.size, rng)
        outline = soft_outline(mask)
        for copy in range(int(rng.integers(self.copies)), -1, -1):
            # the last one is in the middle, and whole as a rule; others lie behind it, anywhere
            reach = np.array(image.size) * (0.5 if copy else 0.25)
            moved = {
                "angle": rng.uniform(-self.degrees, self.degrees),
                "translate": tuple(map(int, rng.uniform(-reach, reach))),
                "scale": np.exp(rng.uniform(*np.log(self.scale))),
                "interpolation": "bilinear",
            }
            scene = Image.composite(affine(image, **moved), scene, affine(outline, **moved))
        return scene

    def _on_stage(self, image: Image.Image, rng: np.random.Generator) -> Image.Image:
        stages = self.backgrounds.stages
        if not len(stages):
            return image
        levels, mask = stages[int(rng.integers(len(stages)))]
        stage = Image.fromarray(levels).convert("RGB")
        part = _part(image, stage.size, rng)
        made = Image.composite(part, stage, soft_outline(mask, grown=True))
        return made.resize(image.size, Image.Resampling.BILINEAR)


def surface(size: tuple[int, int], rng: np.random.Generator) -> Image.Image:
    """A table or a cloth that nobody has photographed: a colour, light from a side, and a grain.

    The grain is noise of two scales, drawn out in one direction like wood or fabric.

    Args:
        size: width and height.
        rng: draws all of it.
    """
    width, height = size
    y, x = np.mgrid[0:height, 0:width]
    light = rng.normal(0, 25, 2) @ np.stack([x / width - 0.5, y / height - 0.5]).reshape(2, -1)
    colour = rng.uniform(15, 240) + rng.uniform(0, 1) * rng.uniform(-110, 110, 3)
    levels = colour + light.reshape(height, width, 1)
    for cells in (rng.integers(4, 12), rng.integers(20, 60)):
        drawn_out = [int(cells), max(int(cells * rng.uniform(0.1, 1)), 1)]
        rng.shuffle(drawn_out)
        noise = Image.fromarray(rng.normal(0, 1, drawn_out).astype(np.float32))
        grain = np.asarray(noise.resize(size, Image.Resampling.BICUBIC))
        levels = levels + (rng.uniform(0, 18) * grain)[..., np.newaxis] * rng.uniform(0.6, 1, 3)
    return Image.fromarray(np.clip(levels, 0, 255).astype(np.uint8))


def soft_outline(mask: NDArray[np.bool_], grown: bool = False) -> Image.Image:
    """A mask (height, width) as levels of opacity; grown, nothing of the subject is left around."""
    outline = Image.fromarray(mask.astype(np.uint8) * 255)
    width = max(EDGE * outline.width, 0.5)
    size = 2 * max(round(2 * width), 1) + 1
    # the mask is a little too large or too small somewhere: never show the old background's rim
    around = ImageFilter.MaxFilter(size) if grown else ImageFilter.MinFilter(3)
    return outline.filter(around).filter(ImageFilter.GaussianBlur(width))


def _part(image: Image.Image, size: tuple[int, int], rng: np.random.Generator) -> Image.Image:
    """A random part of a photo, of another size."""
    crop = RandomResizedCrop((size[1], size[0]), scale=PART)
    return crop(image.convert("RGB"), rng)
