"""``python -m src.torch_train yolo``: the untrained architecture learns for two epochs, and stands
beside a model of ours; mistakes."""

import csv
import json
import sys

import numpy as np
import pytest

from src.classic_nn.utils.metrics import METRICS
from src.classic_train.__main__ import main as classic_train
from tests.paths import real_data
from tests.programs import run_main
from tests.torchvision_import import import_torchvision

pytest.importorskip("torch", reason="needs the extra 'torch'")

from src.torch_train.__main__ import main
from src.torch_train.yolo.photos import read_photos

SMALL = ["--epochs", "2", "--batch-size", "16", "--quiet"]

pytestmark = pytest.mark.filterwarnings("ignore")  # Ultralytics' and pandas' own


@pytest.fixture(scope="module")
def ultralytics(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("YOLO_CONFIG_DIR", str(tmp_path_factory.mktemp("settings")))
        patch.setenv("YOLO_OFFLINE", "true")
        import_torchvision()
        found = pytest.importorskip("ultralytics", reason="needs the extra 'yolo'")
        from torchvision import ops
        from ultralytics.utils.nms import TorchNMS

        patch.setattr(ops, "nms", TorchNMS.nms)  # which the build for the CPU has in C
        yield found


@pytest.fixture(scope="module")
def data():
    return real_data("produce") / "LVIS_Fruits_And_Vegetables" / "data.yaml"


@pytest.fixture(scope="module")
def rivals(tmp_path_factory, data):
    """Two models of ours: of whole photos, and of what lies in boxes."""
    folder = tmp_path_factory.mktemp("rivals")
    runs = {}
    for samples in ("photos", "objects"):
        status, _, error = run_main(
            classic_train, folder, "produce", "--model", "mlp", "--hidden", "8", "--data", data,
            "--image-size", "16", "--epochs", "1", "--samples", samples,
            "--output-dir", folder / samples, "--quiet",
        )  # fmt: skip
        assert status == 0, error
        (runs[samples],) = (folder / samples).iterdir()
    return runs


@pytest.fixture(scope="module")
def run(tmp_path_factory, ultralytics, data, rivals):
    folder = tmp_path_factory.mktemp("yolo")
    status, output, error = run_main(
        main, folder, "yolo", "--data", data, "--weights", "yolo11n-cls.yaml", *SMALL,
        "--image-size", "32", "--against", rivals["photos"],
    )  # fmt: skip
    assert status == 0, error
    (made,) = (folder / "assets" / "runs").iterdir()
    return made, output


@pytest.mark.usefixtures("without_drawing")
def test_classes_of_boxes_beside_a_model_of_photos(run, rivals):
    made, output = run
    assert output.startswith("Ultralytics YOLO is under the AGPL-3.0 licence")
    heading, yolo, ours = output.splitlines()[1:4]
    assert heading.split() == [
        *("model", "learned", "from", "used", "with", "exact", "match", "micro", "F1", "macro"),
        *("F1", "mAP", "threshold", "ms", "per", "photo"),
    ]
    assert "boxes, which somebody has to draw" in yolo
    assert ours.startswith(rivals["photos"].name)
    assert "photos alone" in ours
    compared = json.loads((made / "comparison.json").read_text())
    assert [len(each["classes"]) for each in compared.values()] == [63, 63]
    assert len({each["samples"] for each in compared.values()}) == 1
    epochs = list(csv.DictReader((made / "yolo" / "results.csv").read_text().splitlines()))
    losses = [float(epoch["train/loss"]) for epoch in epochs]
    assert len(losses) == 2
    assert losses[1] < losses[0]
    assert "AGPL-3.0" in (made / "report.md").read_text()
    assert (made / "confidence.png").exists()


def test_the_figures_are_those_of_the_answers(run, data):
    """predictions.csv has every score; the metrics of these are those of the table."""
    made, _ = run
    values = json.loads((made / "comparison.json").read_text())["YOLO, classes of boxes"]
    photos = read_photos(str(data), 0)
    with (made / "predictions.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(photos.splits["test"]) == values["samples"]
    scores = np.array([[float(row[f"p({c})"]) for c in photos.class_names] for row in rows])
    targets = np.stack([photo.labels for photo in photos.splits["test"]])
    for name, metric in METRICS["multi_label"].items():
        found = metric(targets, scores, values["threshold"])
        assert values["summary"][name] == pytest.approx(found)
    for photo, row in zip(photos.splits["test"], scores, strict=True):
        assert (row.max() == 0) == (len(photo.boxes) == 0)


@pytest.mark.usefixtures("without_drawing")
def test_trained_weights_answer_the_same_again(run, data, tmp_path):
    made, output = run
    status, again, error = run_main(
        main, tmp_path, "yolo", "--data", data, "--weights", made / "yolo/weights/best.pt",
        "--epochs", "0", "--image-size", "32", "--quiet",
    )  # fmt: skip
    assert status == 0, error
    shown = [text.splitlines()[2].rsplit(None, 1)[0].split() for text in (output, again)]
    assert shown[0] == shown[1]
    status, _, error = run_main(
        main, tmp_path, "yolo", "--data", data, "--weights", "yolo11n.yaml", "--epochs", "0"
    )
    assert (status, error.count("\n")) == (2, 1)
    assert "has other classes than the data" in error


@pytest.mark.usefixtures("without_drawing")
def test_boxes_that_are_found(ultralytics, data, tmp_path):
    status, output, error = run_main(
        main, tmp_path, "yolo", "--data", data, "--weights", "yolo11n.yaml", *SMALL,
        "--image-size", "64",
    )  # fmt: skip
    assert status == 0, error
    (made,) = (tmp_path / "assets" / "runs").iterdir()
    row = output.splitlines()[2]
    assert row.startswith("YOLO, boxes")
    assert "photos alone" in row
    assert len((made / "yolo" / "results.csv").read_text().splitlines()) == 3
    assert not list((tmp_path / "logs").iterdir())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--weights", "nowhere.pt"], "nowhere.pt cannot be read or fetched"),
        (["--weights", "yolo11n-seg.yaml"], "expected a model that classifies or detects"),
        (["--device", "gpu7"], "--device: gpu7 cannot be used here"),
        (["--epochs", "-1"], "--epochs: must be 0 or more"),
        (["--against", "nowhere"], "--against: "),
        (["--data", "nowhere/data.yaml"], "no such file or folder"),
    ],
)
def test_mistakes_are_one_line(arguments, message, ultralytics, data, tmp_path):
    given = {"--data": data, "--weights": "yolo11n.yaml"} | dict([arguments])
    words = [word for pair in given.items() for word in pair]
    status, _, error = run_main(main, tmp_path, "yolo", *words)
    assert (status, error.count("\n")) == (2, 1), error
    assert message in error
    assert not list(tmp_path.rglob("yolo-*"))


def test_a_model_that_knows_the_test_photos_is_refused(ultralytics, data, rivals, tmp_path):
    for model, seed in ((rivals["photos"], "5"), (rivals["objects"], "0")):
        status, _, error = run_main(
            main, tmp_path, "yolo", "--data", data, "--weights", "yolo11n.yaml", "--against",
            model, "--split-seed", seed,
        )  # fmt: skip
        assert status == 2
        assert "was trained on" in error
        assert "--split-seed" in error


def test_without_ultralytics_one_line_says_which_extra(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "ultralytics", None)
    status, _, error = run_main(main, tmp_path, "yolo", "--data", "x", "--weights", "y.pt")
    assert (status, error.count("\n")) == (2, 1)
    assert "pip install -e '.[yolo]'" in error
    assert "AGPL-3.0" in error
