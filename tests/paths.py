"""Where things are."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
"""Root of the repository."""


def real_data(name: str) -> Path:
    """A folder of real data, below CLASSIC_NN_DATA (default: ../shared/data); skips without it."""
    folder = Path(os.environ.get("CLASSIC_NN_DATA", ROOT.parent / "shared" / "data")) / name
    if not folder.is_dir():
        pytest.skip(f"needs real data in {folder}: set CLASSIC_NN_DATA")
    return folder


def real_weights(name: str) -> Path:
    """A file of pretrained weights, in CLASSIC_NN_WEIGHTS (default: ../shared/weights); skips
    without it."""
    folder = os.environ.get("CLASSIC_NN_WEIGHTS", ROOT.parent / "shared" / "weights")
    path = Path(folder) / name
    if not path.is_file():
        pytest.skip(f"needs pretrained weights, {path}: set CLASSIC_NN_WEIGHTS")
    return path
