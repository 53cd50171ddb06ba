"""What the recipes on photos have in common: where photos come from, and a CNN's usual settings."""

from collections.abc import Collection, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from src.classic_train.cli.photo_options import PhotoOptions
from src.classic_train.data.photo_pipeline import PhotoPipeline
from src.classic_train.data.photo_reading import load_photo_data, photos_at
from src.classic_train.recipes.networks import Network
from src.classic_train.recipes.recipe import Recipe

CNN = PhotoOptions(
    model="cnn",
    image_size=64,
    filters=(16, 32, 64, 128, 256),
    dropout=0.3,
    optimizer="adam",
    learning_rate=0.003,
    schedule="cosine",
    epochs=40,
    batch_size=32,
    workers=2,
)
"""Settings of a convolutional network for a few thousand small photos."""

SPECIAL = ("samples", "labels", "negatives", "specificity", "miss_weight", "backgrounds")
"""Settings that only some recipes on photos use."""

NEVER = ("train_samples",)
"""Settings of generated data."""


def photo_recipe(
    name: str,
    summary: str,
    pipeline: PhotoPipeline,
    options: PhotoOptions,
    models: Mapping[str, Network],
    *,
    directory: Path,
    source: str,
    next_recipe: str,
    model_options: Mapping[str, Mapping[str, Any]] | None = None,
    uses: Collection[str] = (),
    shortcuts: bool = False,
    finetuning: Mapping[str, Any] | None = None,
) -> Recipe:
    """A recipe on photos: those of ``--data DIR``, or else of a directory of its own.

    Args:
        name, summary, options, models, next_recipe, model_options: see ``Recipe``.
        pipeline: what is made of the photos.
        directory: where they are unless ``--data`` says otherwise.
        source: how to get them, for the message where there are none.
        shortcuts, finetuning: see ``Recipe``.
        uses: which of the ``SPECIAL`` settings mean something here.
    """
    return Recipe(
        name=name,
        summary=summary,
        options=options,
        data={options.data: photos_at(directory, pipeline, source)},
        next_recipe=next_recipe,
        models=models,
        model_options=model_options or {},
        shortcuts=shortcuts,
        finetuning=finetuning or {},
        read_directory=partial(load_photo_data, pipeline=pipeline),
        without={*NEVER, *SPECIAL} - set(uses),
    )
