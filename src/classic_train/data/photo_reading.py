"""Reading photos for a recipe: cleaned, divided, each decoded once."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from src.classic_nn.serialization import load_model
from src.classic_train.cli.photo_options import PhotoOptions
from src.classic_train.data.added_photos import with_added_photos
from src.classic_train.data.photo_pipeline import PhotoPipeline
from src.classic_train.data.photos import (
    MEAN_COLOUR,
    PhotoData,
    check_classes,
    eval_transforms,
    train_transforms,
)
from src.classic_train.mini_batch import DataError
from src.load import ImageArrays, UnreadableDataError, complete_splits, load_with_fingerprints
from src.load.dataset import UNDIVIDED
from src.load.problems import as_on_error
from src.load.splits import is_undivided
from src.load.transforms import Compose, ToFloat


def load_photo_data(path: Path, options: PhotoOptions, pipeline: PhotoPipeline) -> PhotoData:
    """Read photos by a recipe's pipeline.

    Raises DataError: there are none, or they don't fit the recipe.
    """
    prepare = transforms_to_prepare(options, pipeline)
    try:
        if pipeline.gather is not None:
            photos, fingerprints = pipeline.gather(path, options, prepare)
        else:
            photos, fingerprints = load_with_fingerprints(
                path,
                divide=False,
                prepare=prepare,
                on_error=as_on_error(options.on_error),
                **pipeline.reading(options),
            )
        if pipeline.resplit:
            if not is_undivided(photos):
                came = ", ".join(f"{split} {len(rows):,}" for split, rows in photos.splits.items())
                text = f"{came}: this recipe divides all photos by what they show, for a fair test"
                photos.problems.note("splits that are not used", text)
            photos = photos.divided({UNDIVIDED: photos.rows()})
        if isinstance(photos.images, ImageArrays):
            photos = replace(photos, images=photos.images.in_colour())
        photos = complete_splits(photos, fingerprints, options.split_seed, pipeline.validation_from)
        if options.add:
            photos, fingerprints = with_added_photos(
                photos, fingerprints, Path(options.add), prepare, _seen_by(options.finetune)
            )
        check_classes(photos, str(path))
    except UnreadableDataError as error:
        raise DataError(str(error)) from None
    if pipeline.task == "binary" and (photos.multi_label or len(photos.class_names) != 2):
        found = ", ".join(photos.class_names[:5]) + (", ..." * (len(photos.class_names) > 5))
        raise DataError(
            f"{path}: expected photos of two classes, found {len(photos.class_names)} "
            f"{'labels' if photos.multi_label else 'classes'}: {found}"
        )
    return PhotoData(photos, fingerprints, pipeline, options, f"photos of {path.name or path}")


def _seen_by(run: str) -> Mapping[str, NDArray[np.uint64]]:
    """Short digests of the photos that the model of a run has seen, by split."""
    return load_model(Path(run) / "model.safetensors").photo_digests if run else {}


def transforms_to_prepare(options: PhotoOptions, pipeline: PhotoPipeline) -> list[Compose]:
    """The fixed transforms that a run needs of each photo: so it is decoded once."""
    pipelines = (eval_transforms(options, pipeline), train_transforms(options, pipeline))
    fixed = [Compose([*transforms, ToFloat()]).fixed_and_rest()[0] for transforms in pipelines]
    return [*fixed, MEAN_COLOUR]


def photos_at(directory: Path, pipeline: PhotoPipeline, source: str) -> Callable[[Any], PhotoData]:
    """The data of a recipe without --data: from where its users keep them.

    Args:
        directory: that place.
        pipeline: of the recipe.
        source: how to get them, for the message where there are none.
    """

    def load(options: PhotoOptions) -> PhotoData:
        if not directory.exists():
            raise DataError(
                f"there are no photos in {directory}: {source}, or give their place as --data DIR"
            )
        return load_photo_data(directory, options, pipeline)

    return load
