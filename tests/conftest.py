"""What all tests share."""

import os
import signal
from collections.abc import Iterator

# Of several workers each has a core: matrix libraries that take all cores wait for one another. It
# is read when NumPy is imported, and by the processes that tests start.
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # PyTorch's

# A shell without job control starts what runs in the background (&) deaf to Ctrl-C, and the
# processes of tests inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from PIL import Image

# Timings decide no test: on a busy machine drawing examples is slow.
settings.register_profile(
    "default",
    deadline=None,
    max_examples=50,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("default")


def pytest_sessionstart() -> None:
    """Compile all loops first: tests of processes then see the output of commands alone."""
    from src.common.kernels import KERNELS, compile_all

    if KERNELS == "numba" and not os.environ.get("NUMBA_DISABLE_JIT"):
        compile_all()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Notebooks, which take longest, come first: no worker is left alone with them at the end."""
    items.sort(key=lambda item: "notebooks" not in item.nodeid)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20260101)


def draw_nothing(patch: pytest.MonkeyPatch) -> None:
    """Every file of a chart gets an empty picture: charts are most of the time of a short run."""
    from matplotlib.figure import Figure

    def blank(figure: object, file: object, **settings: object) -> None:
        Image.new("RGB", (4, 3)).save(file, format="png")  # type: ignore[arg-type]

    patch.setattr(Figure, "savefig", blank)
    for chart in ("roc", "precision_recall", "calibration", "confidence", "confusion_matrix"):
        patch.setattr(f"src.inference.figures.plot_{chart}", lambda *arguments: Figure())


@pytest.fixture
def without_drawing(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """For tests of commands; those of them that have the mark ``draws`` draw."""
    if request.node.get_closest_marker("draws") is None:
        draw_nothing(monkeypatch)


@pytest.fixture(autouse=True)
def _global_random_state_untouched() -> Iterator[None]:
    """Nothing in the project may draw from NumPy's global generator."""
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    yield
    assert np.array_equal(before, np.random.get_state()[1])  # noqa: NPY002
