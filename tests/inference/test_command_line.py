"""``python -m src.inference`` as people use it, with real files; some in processes of their own."""

import ast
import csv
import json
import os
import subprocess
import sys
from functools import partial

import numpy as np
import pytest
from PIL import Image

from src.classic_nn import Dense, Sequential
from src.classic_nn.serialization import SavedModel, save_model
from src.inference import load_model
from src.inference.__main__ import main
from src.load import open_image
from tests.classic_train.photo_sets import class_folders, grocery, yolo
from tests.inference.models import saved, write
from tests.load.photos import folder_of, photo, save
from tests.paths import ROOT
from tests.programs import run_main


def process(directory, *arguments, stdin=b""):
    finished = subprocess.run(
        [sys.executable, "-m", "src.inference", *map(str, arguments)],
        cwd=directory,
        env=os.environ | {"PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error"},
        input=stdin,
        capture_output=True,
        timeout=120,
        check=False,
    )
    return finished.returncode, finished.stdout.decode(), finished.stderr.decode()


run = partial(run_main, main)
pytestmark = pytest.mark.usefixtures("without_drawing")


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "m.safetensors")
    folder_of(tmp_path / "photos", {"cat": 4, "dog": 3})
    return tmp_path


def test_a_table_of_files_and_folders(here):
    status, output, error = process(
        here, "predict", "m.safetensors", "photos/cat/000.png", "photos/dog"
    )
    assert (status, error) == (0, "")
    heading, *lines = output.splitlines()
    assert heading.split() == ["image", "prediction", "probabilities"]
    assert [line.split()[0] for line in lines] == [
        *("photos/cat/000.png", "photos/dog/000.png"),
        *("photos/dog/001.png", "photos/dog/002.png"),
    ]


def test_lines_of_json_have_the_exact_numbers(here):
    status, output, _ = run(here, "predict", "m.safetensors", "photos", "--json")
    assert status == 0
    values = [json.loads(line) for line in output.splitlines()]
    expected = load_model("m.safetensors").predict([value["image"] for value in values])
    assert [value["probabilities"] for value in values] == [p.probabilities for p in expected]
    assert [tuple(value["labels"]) for value in values] == [p.labels for p in expected]


def test_standard_input_is_a_list_or_an_image(here):
    names = b"photos/cat/000.png\n\nphotos/dog/001.png\n"
    status, output, _ = process(here, "predict", "m.safetensors", "-", "--json", stdin=names)
    assert status == 0
    assert [json.loads(line)["image"] for line in output.splitlines()] == [
        *("photos/cat/000.png", "photos/dog/001.png")
    ]
    for kind in ("png", "jpg", "bmp", "webp"):
        photo(5).save(f"one.{kind}")
        content = (here / f"one.{kind}").read_bytes()
        status, output, _ = run(here, "predict", "m.safetensors", "-", "--json", stdin=content)
        assert status == 0
        found = json.loads(output)
        assert found["image"] == "standard input"
        assert (
            found["probabilities"]
            == load_model("m.safetensors").predict(f"one.{kind}")[0].probabilities
        )


def test_unreadable_photos_are_listed_at_the_end(here):
    (here / "photos/cat/001.png").write_bytes(b"none")
    status, output, error = run(here, "predict", "m.safetensors", "photos", "nowhere.jpg")
    assert status == 1
    assert len(output.splitlines()) == 1 + 6
    lines = error.splitlines()
    assert lines[0] == "2 of the images could not be read:"
    assert "photos/cat/001.png" in lines[1]
    assert "nowhere.jpg" in lines[2]
    status, output, _ = run(here, "predict", "m.safetensors", "photos", "--json")
    assert status == 1
    assert sum("error" in json.loads(line) for line in output.splitlines()) == 1


@pytest.mark.parametrize("kernels", ["numpy", "numba"])
def test_predicting_imports_no_training_code_and_nothing_heavy(kernels, here):
    pytest.importorskip(kernels)
    code = (
        "import sys; from src.inference.__main__ import main; "
        "main(['predict', 'm.safetensors', 'photos']); "
        "print(sorted(m for m in sys.modules if m.startswith(('src.classic_train', 'src.history',"
        " 'sklearn', 'scipy', 'pandas', 'matplotlib', 'tensorboard'))))"
    )
    finished = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONPATH": str(ROOT), "CLASSIC_NN_KERNELS": kernels},
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = ast.literal_eval(finished.stdout.splitlines()[-1])
    if kernels == "numba":  # which looks for SciPy's version itself
        loaded = [name for name in loaded if name.partition(".")[0] != "scipy"]
    assert loaded == []


USER_ERRORS = {
    "no model": (["predict", "no.safetensors", "photos"], "no.safetensors: no such file"),
    "no images": (["predict", "m.safetensors", "empty"], "empty: found no images"),
    "nothing on standard input": (["predict", "m.safetensors", "-"], "standard input: expected"),
    "threshold of classes": (
        ["predict", "m.safetensors", "photos", "--threshold", "0.4"],
        "--threshold: this model gives the most probable of several classes",
    ),
    "no number": (
        ["predict", "m.safetensors", "photos", "--threshold", "many"],
        "--threshold: expected a number, got 'many'",
    ),
    "no threads": (
        ["predict", "m.safetensors", "photos", "--threads", "0"],
        "--threads: must be 1 or more, got 0",
    ),
    "no data": (["evaluate", "m.safetensors", "nowhere"], "nowhere: no such file or folder"),
    "no split": (
        ["evaluate", "m.safetensors", "photos", "--split", "test"],
        "--split: photos has all, not 'test'",
    ),
    "other classes": (
        ["evaluate", "m.safetensors", "others"],
        "the data have a class 'horse', the model has cat, dog, owl; say what it is with --rename",
    ),
    "bad rename": (
        ["evaluate", "m.safetensors", "others", "--rename", "horse"],
        "--rename: expected NAME=CLASS, got 'horse'",
    ),
    "a model for another task": (
        ["evaluate", "m.safetensors", "photos", "--against", "b.safetensors"],
        "--against: b.safetensors is a binary model of 2 classes, expected multi_class",
    ),
    "several labels": (
        ["evaluate", "m.safetensors", "boxes", "--whole-images"],
        "the data have several labels per sample, and the model is for multi class",
    ),
    "unknown name in the data": (
        ["evaluate", "m.safetensors", "photos", "--rename", "kat=cat"],
        "--rename: the data have no class 'kat', but cat, dog",
    ),
    "unknown name in the model": (
        ["evaluate", "m.safetensors", "photos", "--rename", "cat=kat"],
        "--rename: the model has no class 'kat', but cat, dog, owl",
    ),
    "not known what it has seen": (
        ["evaluate", "m.safetensors", "photos", "--unseen"],
        "--unseen: it is not known which of these samples a model has seen",
    ),
    "a model of numbers": (
        ["predict", "n.safetensors", "photos"],
        "n.safetensors: this model takes (2) numbers, not images",
    ),
    "an empty folder after an image": (
        ["predict", "m.safetensors", "photos/cat/000.png", "empty"],
        "empty: found no images",
    ),
    "standard input twice": (
        ["predict", "m.safetensors", "-", "-"],
        "-: standard input can be read once",
    ),
    "no command": ([], "required: COMMAND"),
}


@pytest.mark.parametrize("name", USER_ERRORS)
def test_mistakes_are_one_line(name, here):
    (here / "empty").mkdir()
    folder_of(here / "others", {"cat": 2, "horse": 2})
    write(here / "b.safetensors", task="binary", names=["cat", "dog"])
    yolo(here / "boxes", ["cat", "dog"], 3)
    points = Sequential([Dense(1)])
    points.build((2,), np.random.default_rng(0))
    save_model(here / "n.safetensors", SavedModel(points, "binary", ["inside"]))
    arguments, message = USER_ERRORS[name]
    status, output, error = run(here, *arguments)
    assert status == 2
    assert error.count("\n") == 1
    assert message in error, error
    assert output == ""
    assert "Traceback" not in error


@pytest.mark.draws
def test_evaluate_prints_and_writes_everything(here):
    status, output, error = run(here, "evaluate", "m.safetensors", "photos")
    assert (status, error) == (0, "")
    assert "accuracy" in output
    assert "95% interval" in output
    folder = here / "assets/evaluations/m-photos"
    assert {path.name for path in folder.iterdir()} >= {
        *("evaluation.json", "classes.csv", "predictions.csv", "report.md"),
        *("confusion_matrix.png", "roc.png", "precision_recall.png"),
        *("calibration.png", "confidence.png", "mistakes.png", "risk_coverage.png"),
    }
    for path in folder.glob("*.png"):
        with Image.open(path) as image:
            image.load()
    metadata = json.loads((folder / "evaluation.json").read_text())
    with (folder / "predictions.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    right = np.mean([row["true"] == row["predicted"] for row in rows])
    assert metadata["summary"]["accuracy"] == pytest.approx(right)
    assert metadata["right"]["low_95"] < right < metadata["right"]["high_95"]
    predictions = load_model("m.safetensors").predict([f"photos/{row['sample']}" for row in rows])
    for row, prediction in zip(rows, predictions, strict=True):
        assert [float(np.float32(row[f"p({name})"])) for name in ("cat", "dog", "owl")] == list(
            prediction.probabilities.values()
        )


def test_two_models_on_the_same_data(here):
    write(here / "other.safetensors", seed=5)
    status, output, _ = run(
        here, "evaluate", "m.safetensors", "photos", "--against", "other.safetensors"
    )
    assert status == 0
    assert "McNemar's exact test" in output
    found = json.loads((here / "assets/evaluations/m-photos/comparison.json").read_text())
    assert found["both"] + found["first_only"] + found["second_only"] + found["neither"] == 7


def test_names_of_the_data_can_be_others(here):
    folder_of(here / "others", {"kitten": 3, "horse": 2, "cow": 2})
    rename = ["--rename", "kitten=cat", "--rename", "*=owl", "--output-dir", "out"]
    assert main(["evaluate", "m.safetensors", "others", *rename]) == 0
    metadata = json.loads((here / "out/evaluation.json").read_text())
    assert {name: values["samples"] for name, values in metadata["classes"].items()} == {
        **{"cat": 3, "dog": 0, "owl": 4}
    }


def test_photos_that_the_model_has_seen_are_named_and_left_out(here, capsys):
    from src.load import fingerprint_photos
    from src.load.sources import ImageFiles

    files = sorted((here / "photos").rglob("*.png"))
    digests = [int(d[:16], 16) for d in fingerprint_photos(ImageFiles(files)).digests]
    seen = {
        "train": np.array(digests[:2], np.uint64),
        "validation": np.array(digests[4:5], np.uint64),
    }
    write(here / "seen.safetensors", photo_digests=seen)
    assert main(["evaluate", "seen.safetensors", "photos"]) == 0
    output = capsys.readouterr().out
    assert "2 of these samples are from photos that seen was trained on" in output
    assert "1 of these samples are from photos that seen was validated by" in output
    assert main(["evaluate", "seen.safetensors", "photos", "--unseen"]) == 0
    output = capsys.readouterr().out
    assert "7 samples" not in output
    assert "photos: 4 samples" in output
    write(here / "seen.safetensors", photo_digests={"train": np.array(digests, np.uint64)})
    assert main(["evaluate", "seen.safetensors", "photos", "--unseen"]) == 2
    assert "no sample is left: the model has seen all of them" in capsys.readouterr().err


def test_binary_and_multi_label_models(here, capsys):
    write(here / "b.safetensors", task="binary", names=["cat", "dog"])
    assert main(["evaluate", "b.safetensors", "photos", "--threshold", "0.3"]) == 0
    metadata = json.loads((here / "assets/evaluations/b-photos/evaluation.json").read_text())
    assert metadata["threshold"] == 0.3
    yolo(here / "boxes", ["cat", "dog", "owl"], 6)
    write(here / "l.safetensors", task="multi_label")
    for more in ([], ["--whole-images"]):
        assert main(["evaluate", "l.safetensors", "boxes", *more]) == 0
        metadata = json.loads((here / "assets/evaluations/l-boxes/evaluation.json").read_text())
        assert metadata["samples"] == (6 if more else 18)
    assert "mean_average_precision" in capsys.readouterr().out


def test_a_model_says_how_its_data_are_read(here):
    grocery(here / "shop")
    names = ["Apple", "Lemon"]
    write(here / "g.safetensors", names=names, data={"reading": {"labels": "coarse"}})
    assert main(["evaluate", "g.safetensors", "shop", "--split", "train"]) == 0
    metadata = json.loads((here / "assets/evaluations/g-shop/evaluation.json").read_text())
    assert set(metadata["classes"]) == set(names)


@pytest.mark.draws
def test_one_class_only_still_gets_its_pictures(here):
    class_folders(here / "one", {"cat": 5})
    assert main(["evaluate", "m.safetensors", "one"]) == 0


def test_arrays_that_are_no_images(here):
    x = np.random.default_rng(0).random((30, 16, 16, 3)).astype(np.float32)
    np.savez("arrays.npz", X=x, Y=np.arange(30) % 3, class_names=["cat", "dog", "owl"])
    assert main(["evaluate", "m.safetensors", "arrays.npz"]) == 0
    expected = load_model("m.safetensors").predict(x)
    with (here / "assets/evaluations/m-arrays/predictions.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["predicted"] for row in rows] == [", ".join(p.labels) for p in expected]


def test_the_python_interface_is_one_line(here):
    image = save(here / "a.png", 9)
    assert load_model("m.safetensors").predict(image)[0].labels[0] in saved().class_names
    assert load_model("m.safetensors").predict([open_image(image)])[0].error == ""


def test_standard_input_is_rotated_as_exif_says_and_checked_like_a_file(here):
    exif = Image.Exif()
    exif[0x0112] = 6
    photo(3).save("rotated.jpg", exif=exif)
    content = (here / "rotated.jpg").read_bytes()
    _, output, _ = run(here, "predict", "m.safetensors", "-", "--json", stdin=content)
    expected = load_model("m.safetensors").predict("rotated.jpg")[0].probabilities
    assert json.loads(output)["probabilities"] == expected
    broken = content[:-40]
    status, _, error = run(here, "predict", "m.safetensors", "-", stdin=broken)
    assert status == 2
    assert error.count("\n") == 1
    assert "standard input: cannot be read" in error


def test_names_that_begin_like_an_image_are_names(here):
    save("BMW.png", 4)
    status, output, _ = run(here, "predict", "m.safetensors", "-", "--json", stdin=b"BMW.png\n")
    assert status == 0
    assert json.loads(output)["image"] == "BMW.png"


def test_names_that_the_terminal_lacks_are_printed(here):
    write(here / "e.safetensors", names=["caf\u00e9", "dog", "owl"])
    finished = subprocess.run(
        [sys.executable, "-m", "src.inference", "predict", "e.safetensors", "photos"],
        env=os.environ | {"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "ascii:strict"},
        capture_output=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    assert b"caf\\xe9" in finished.stdout


def test_what_either_model_has_seen_is_left_out(here, capsys):
    from src.load import fingerprint_photos
    from src.load.sources import ImageFiles

    files = sorted((here / "photos").rglob("*.png"))
    digests = np.array(
        [int(d[:16], 16) for d in fingerprint_photos(ImageFiles(files)).digests], np.uint64
    )
    write(here / "one.safetensors", photo_digests={"train": digests[:2]})
    write(here / "two.safetensors", seed=3, photo_digests={"train": digests[5:]})
    both = ["evaluate", "one.safetensors", "photos", "--against", "two.safetensors"]
    assert main([*both, "--unseen"]) == 0
    assert "photos: 3 samples" in capsys.readouterr().out
    assert main(both) == 0
    output = capsys.readouterr().out
    assert "2 of these samples are from photos that one was trained on" in output
    assert "2 of these samples are from photos that two was trained on" in output
    assert main(["evaluate", "one.safetensors", "photos"]) == 0
    assert not (here / "assets/evaluations/one-photos/comparison.json").exists()


def test_only_the_evaluated_classes_matter(here):
    folder_of(here / "split", {"train/horse": 2, "train/cat": 2, "test/cat": 2, "test/dog": 2})
    assert main(["evaluate", "m.safetensors", "split", "--split", "test"]) == 0


def test_what_is_passed_over_in_a_folder_is_counted(here):
    (here / "photos" / "cat" / "notes.txt").touch()
    (here / "photos" / "cat" / "Thumbs.db").touch()
    photo(9).save(here / "photos" / "cat" / "no_suffix", format="JPEG")
    photo(10).save(here / "photos" / "cat" / "x.JFIF", format="JPEG")
    status, output, error = run(here, "predict", "m.safetensors", "photos", "--json")
    assert status == 0
    assert len(output.splitlines()) == 9
    assert error == (
        "photos: passed over 1 files that are no images (1 .txt), 1 system files and folders\n"
    )


def test_evaluation_accounts_for_its_data(here):
    (here / "photos" / "cat" / "bad.png").write_bytes(b"no image")
    status, output, _ = run(here, "evaluate", "m.safetensors", "photos")
    assert status == 0
    assert "files found 8; used: photos 7; left out: unreadable images 1" in output
    page = (here / "assets/evaluations/m-photos/report.md").read_text()
    assert "files found 8; used: photos 7" in page
    status, _, error = run(here, "evaluate", "m.safetensors", "photos", "--on-error", "fail")
    assert status == 2
    assert "bad.png: is no image" in error


def test_evaluate_takes_a_table_too(here):
    rows = [f"photos/{name}/00{k}.png,{name}" for name in ("cat", "dog") for k in range(3)]
    (here / "list.csv").write_text("\n".join(["path,label", *rows, "photos/none.png,cat"]))
    status, output, _ = run(here, "evaluate", "m.safetensors", "list.csv")
    assert status == 0
    assert "m.safetensors on list.csv: 6 samples" in output
    assert "rows found 7; used: photos 6; left out: missing images 1" in output


def test_the_level_of_white_goes_with_the_model(here):
    levels = (np.arange(600).reshape(20, 30) * 3).astype(np.uint16)
    Image.fromarray(levels).save(here / "dark.png")
    told = write(here / "told.safetensors", data={"reading": {"white": 1797}})
    grey = Image.fromarray(((levels.astype(int) * 255 + 898) // 1797).astype(np.uint8))
    with_white, by_hand = load_model(told).predict([here / "dark.png", grey])
    assert with_white.probabilities == by_hand.probabilities
    untold = load_model(here / "m.safetensors").predict(here / "dark.png")[0]
    assert untold.probabilities != by_hand.probabilities


def test_classes_that_are_numbers_in_the_data_are_those_of_the_model(here):
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (6, 16, 16, 3), dtype=np.uint8)
    np.savez(here / "a.npz", X=images, Y=np.arange(6) % 3)
    status, output, error = run(here, "evaluate", "m.safetensors", "a.npz")
    assert status == 0, error
    assert (
        "taken as the model's, in order: class 0 is cat, class 1 is dog, class 2 is owl" in output
    )
    np.savez(here / "a.npz", X=images, Y=np.arange(6))
    status, _, error = run(here, "evaluate", "m.safetensors", "a.npz")
    assert (status, "the data have a class 'class 0'" in error) == (2, True)
