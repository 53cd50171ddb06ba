"""The same curve on any number of threads and processes, for every recipe."""

import json

import numpy as np
import pytest

from tests.classic_train.parallel import curves
from tests.classic_train.parallel.mpi import mpiexec, needs_mpi
from tests.classic_train.photo_sets import SETS
from tests.classic_train.recipes.test_image_recipes import greys
from tests.load.test_idx import idx_bytes
from tests.load.test_sign_mnist import text


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Small data for every recipe that reads files."""
    root = tmp_path_factory.mktemp("curves")
    rng = np.random.default_rng(1)
    for name, make in SETS.items():
        make(root / name)
    (root / "sign_mnist").mkdir()
    (root / "fashion_mnist").mkdir()
    for split, prefix, count in (("train", "train", 150), ("test", "t10k", 30)):
        images, labels = greys(4, count, rng)
        table = np.hstack([labels[:, np.newaxis], images.reshape(count, -1)])
        (root / "sign_mnist" / f"sign_mnist_{split}.csv").write_text(text(table))
        for kind, array in (("images-idx3", images), ("labels-idx1", labels.astype(np.uint8))):
            path = root / "fashion_mnist" / f"{prefix}-{kind}-ubyte"
            path.write_bytes(idx_bytes(array))
    return root


@pytest.fixture(scope="module")
def alone(folder):
    """The curves of one worker."""
    return {case: curves.of_case(case, folder) for case in curves.CASES}


def same(found, expected):
    for costs, wanted, length in zip(found, expected, (curves.STEPS, 1), strict=True):
        assert len(costs) == len(wanted) == length
        assert np.allclose(costs, wanted, rtol=1e-9, atol=0)


@pytest.mark.parametrize("workers", [2, 4])
@pytest.mark.parametrize("case", curves.CASES)
def test_threads_give_the_same_curve(case, workers, folder, alone):
    same(curves.of_case(case, folder, workers=workers), alone[case])


@needs_mpi
@pytest.mark.parametrize(
    ("processes", "workers", "overlap"), [(2, 1, "no"), (4, 1, "no"), (2, 2, "yes")]
)
def test_processes_give_the_same_curve(processes, workers, overlap, folder, alone):
    done = mpiexec(processes, curves.__file__, folder, workers, overlap, *curves.CASES)
    assert done.returncode == 0, done.stderr
    found = json.loads((folder / f"curves-{processes}x{workers}.json").read_text())
    for case in curves.CASES:
        same(found[case], alone[case])
