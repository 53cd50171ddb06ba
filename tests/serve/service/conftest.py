"""Models, photos, and a server that answers."""

import json

import pytest

from tests.inference.models import write
from tests.load.photos import save
from tests.serve.process import Served
from tests.serve.service.glass_models import write_run

EVALUATION = {
    "samples": 40,
    "summary": {"accuracy": 0.9},
    "right": {"share": 0.9, "low_95": 0.77, "high_95": 0.96},
    "classes": {
        "cat": {"precision": 0.9, "recall": 0.95, "f1": 0.92, "samples": 20},
        "dog": {"precision": 0.9, "recall": 0.8, "f1": 0.85, "samples": 10},
        "owl": {"precision": None, "recall": 0.9, "f1": 0.9, "samples": 10},
    },
    "confusion_matrix": [[19, 1, 0], [1, 8, 1], [0, 1, 9]],
}


@pytest.fixture(scope="session")
def runs(tmp_path_factory):
    """Folders of runs: of several classes, of labels, of yes and no that may say retake."""
    root = tmp_path_factory.mktemp("runs")
    data = {"description": "photos of animals", "samples": {"train": 80, "test": 40}}
    for name, settings in {
        "animals": {"data": data, "metrics": {"accuracy": 0.9}},
        "labels": {"task": "multi_label", "names": ("leaf", "stem"), "threshold": 0.4},
        "yes": {"task": "binary", "names": ("ripe",), "reject_below": 0.999},
    }.items():
        (root / name).mkdir()
        write(root / name / "model.safetensors", **settings)
    (root / "animals" / "evaluation.json").write_text(json.dumps(EVALUATION))
    return root


@pytest.fixture(scope="session")
def models(runs):
    return [runs / name / "model.safetensors" for name in ("animals", "labels", "yes")]


@pytest.fixture(scope="session")
def photos(tmp_path_factory):
    """Files of six photos."""
    root = tmp_path_factory.mktemp("photos")
    return [save(root / f"{k}.jpg", k, width=60 + k, height=50) for k in range(6)]


def needs_packages():
    for package in ("fastapi", "uvicorn", "python_multipart", "prometheus_client"):
        pytest.importorskip(package, reason="needs classic-nn[serve]")


@pytest.fixture(scope="session")
def served(models, tmp_path_factory):
    """A server with all three models, for tests that leave it as it is."""
    needs_packages()
    made = Served(tmp_path_factory.mktemp("served") / "output.txt", *models)
    yield made
    made.kill()


@pytest.fixture
def serve(models, tmp_path):
    """Starts a server of one's own: with options, and with the first model."""
    needs_packages()
    started = []

    def start(*options, token=""):
        output = tmp_path / f"output{len(started)}.txt"
        workers = options[options.index("--workers") + 1] if "--workers" in options else 2
        started.append(Served(output, models[0], *options))
        started[-1].until_ready(workers, token)
        return started[-1]

    yield start
    for one in started:
        one.kill()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A run whose network has every kind of operation, with saved epochs."""
    return write_run(tmp_path_factory.mktemp("glass") / "animals")


@pytest.fixture(scope="module")
def glass(folder, tmp_path_factory):
    """A server with the glass box of that run."""
    needs_packages()
    served = Served(tmp_path_factory.mktemp("out") / "out", folder, "--glass")
    yield served
    served.kill()
