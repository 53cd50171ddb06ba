"""Recipe ``plants``: does a photo show a plant's leaf, or something else?

Two classes of photos, ``other`` and ``plant``; ``--negatives DIR`` adds photos of anything else to
the first. ``--miss-weight 3`` is the loss of the plant classifier, in which a missed plant costs
three times a false alarm, and ``--specificity 0.98`` sets the threshold so that 98% of the
validation photos of something else are recognized.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from src.classic_train.cli.photo_options import PhotoOptions
from src.classic_train.data.backgrounds import training_backgrounds
from src.classic_train.data.photo_pipeline import PhotoPipeline
from src.classic_train.data.photos import train_transforms
from src.classic_train.recipes.backbone import backbone_origin
from src.classic_train.recipes.backbone_choice import (
    FINE_TUNED,
    PREFERRED,
    RESNET50,
    PretrainedModel,
    with_pretrained_models,
)
from src.classic_train.recipes.networks import photo_network
from src.classic_train.recipes.photo_recipe import CNN, photo_recipe
from src.classic_train.recipes.plant_heads import dense_head, maps_head
from src.load import (
    Fingerprints,
    ImageDataset,
    ImageFiles,
    Problems,
    UnreadableDataError,
    read_data,
)
from src.load.dataset import Items, one_split
from src.load.image_folder import account_for_others, find_files
from src.load.prepare import fingerprint_and_clean
from src.load.problems import as_on_error
from src.load.transforms import (
    ColorJitter,
    Compose,
    RandomDownscale,
    RandomHorizontalFlip,
    RandomResizedCrop,
    RandomRotation,
    Resize,
    Transform,
)
from src.load.transforms.background import RandomBackground
from src.load.walk import walk

CLASSES = ["other", "plant"]

LEAVES = ["background_without_leaves", "plantvillage"]
"""What the Leaves data set (github.com/glucard/Leaves-dataset) calls them."""


def _gather(
    path: Path, options: PhotoOptions, prepare: Sequence[Compose]
) -> tuple[ImageDataset, Fingerprints]:
    """Two folders of classes, and perhaps another folder of negatives, as one data set."""
    photos = read_data(
        path, problems=Problems(as_on_error(options.on_error)), **PIPELINE.reading(options)
    )
    if photos.class_names == LEAVES:
        photos = replace(photos, class_names=CLASSES)
    if len(photos.class_names) == 2 and photos.class_names != CLASSES:
        found = " and ".join(photos.class_names)
        raise UnreadableDataError(f"{path}: expected the classes other and plant, found {found}")
    if options.negatives:
        photos = _with_negatives(photos, Path(options.negatives))
    return fingerprint_and_clean(photos, str(path), prepare=prepare)


def _with_negatives(photos: ImageDataset, folder: Path) -> ImageDataset:
    """All photos, undivided; those below the folder are of the first class."""
    whole = isinstance(photos.images, ImageFiles) and photos.images.boxes is None
    if not whole or not isinstance(photos.images, ImageFiles) or photos.multi_label:
        raise UnreadableDataError("--negatives: expected two folders of photos as the data")
    if not folder.is_dir():
        raise UnreadableDataError(f"--negatives: {folder}: expected a folder of photos")
    tree = walk(folder)
    more = tree.all_images()
    if not more:
        raise UnreadableDataError(f"--negatives: {folder}: found no images in this folder")
    find_files(tree, photos.problems)
    photos.problems.account("files").set_all(more, "used", "photos")
    account_for_others(photos.problems)
    taken = {
        path.resolve(): target
        for path, target in zip(photos.images.paths, photos.targets, strict=True)
    }
    both = [path for path in more if taken.get(path.resolve(), 0)]
    if both:
        raise UnreadableDataError(
            f"--negatives: {both[0]} is also among the data, as {CLASSES[1]}: expected photos of "
            "anything else"
        )
    more = [path for path in more if path.resolve() not in taken]
    paths = [*photos.images.paths, *more]
    targets = np.concatenate([photos.targets, np.zeros(len(more), np.int64)])
    return replace(
        photos,
        images=ImageFiles(paths, root=photos.images.root, white=photos.images.white),
        targets=targets,
        splits=one_split(len(paths)),
        items=[Items("files", [(path,) for path in paths])],
    )


def _resized(options: PhotoOptions) -> list[Transform]:
    return [Resize((options.image_size, options.image_size))]


def _augmented(options: PhotoOptions) -> list[Transform]:
    """Parts, moves, light, and sharpness."""
    part = RandomResizedCrop(options.image_size, scale=(0.3, 1.0))
    turned = RandomRotation(20, interpolation="bilinear")
    light = ColorJitter(brightness=0.2, contrast=0.2, saturation=0.2)
    sharpness = RandomDownscale()
    return [*_resized(options), turned, part, RandomHorizontalFlip(), light, sharpness]


def _backgrounds(options: PhotoOptions, photos: ImageDataset) -> list[Transform]:
    """Leaves in scenes of the other training photos, and parts of these as leaves on paper."""
    if not options.backgrounds:
        return []
    fixed, _ = Compose(train_transforms(options, PIPELINE)).fixed_and_rest()
    found = training_backgrounds(photos, fixed, CLASSES.index("other"), options.split_seed)
    return [RandomBackground(found, options.backgrounds)]


PIPELINE = PhotoPipeline(
    task="binary",
    eval_transforms=_resized,
    train_transforms=_augmented,
    resplit=True,
    backbone=backbone_origin,
    learned_from=_backgrounds,
    gather=_gather,
)

HEAD = {
    "dropout": 0.5,
    "learning_rate": 0.001,
    "epochs": 30,
    "miss_weight": 3.0,
    "workers": "auto",
}
"""Training of the plant classifier's heads."""

RECIPE = with_pretrained_models(
    photo_recipe(
        "plants",
        "a plant's leaf or something else, with a threshold for a wanted specificity: a CNN",
        PIPELINE,
        replace(CNN, data="plants", filters=(16, 32, 64, 128), epochs=15, backgrounds=0.5),
        {"cnn": photo_network},
        directory=Path("assets/plants"),
        source="put folders other and plant with photos there",
        uses=("negatives", "specificity", "miss_weight", "backgrounds"),
        next_recipe="dishes",
        shortcuts=True,
        finetuning={"miss_weight": 3.0},
    ),
    {
        # a dense layer alone does not learn leaves on other backgrounds
        "backbone": PretrainedModel(PREFERRED, settings={**FINE_TUNED, "epochs": 12}),
        "resnet50_v1": PretrainedModel(RESNET50, dense_head, {**HEAD, "hidden": (150,)}),
        "resnet50_v2": PretrainedModel(RESNET50, dense_head, {**HEAD, "hidden": (512, 256, 128)}),
        "resnet50_v3": PretrainedModel(
            RESNET50, maps_head, {**HEAD, "filters": (128,), "hidden": (128,)}
        ),
    },
)
