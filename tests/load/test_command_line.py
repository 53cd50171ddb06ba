"""``python -m src.load`` as a user calls it: real processes, their output, status and files."""

import os
import signal
import subprocess
import sys
import time
import zipfile

import pytest
from PIL import Image

from src.load.__main__ import main
from tests.load.photos import folder_of, photo, save
from tests.paths import ROOT
from tests.programs import run_main


def command(*arguments):
    return [sys.executable, "-W", "error", "-m", "src.load", *map(str, arguments)]


def run(folder, *arguments):
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        command(*arguments), cwd=folder, env=environment, capture_output=True, text=True
    )


def test_inspect_prints_and_draws(tmp_path):
    folder_of(tmp_path / "photos", {"cat": 3, "dog": 2})
    done = run(tmp_path, "inspect", "photos")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert "photos: 5 samples from 5 photos, one class each, 2 classes" in done.stdout
    assert "nothing wrong was found" in done.stdout
    for name in ("class_distribution.png", "contact_sheets/000_cat.png"):
        assert (tmp_path / "assets/inspect/photos" / name).is_file()


def test_augmentations_are_drawn(tmp_path):
    save(tmp_path / "photo.png", 1, width=120, height=90)
    done = run(tmp_path, "augmentations", "photo.png")
    assert done.returncode == 0, done.stderr
    with Image.open(tmp_path / "assets/augmentations.png") as picture:
        first = picture.convert("RGB")
    assert run(tmp_path, "augmentations", "photo.png", "--seed", "1").returncode == 0
    with Image.open(tmp_path / "assets/augmentations.png") as picture:
        assert first.size == picture.size
        assert first.tobytes() != picture.convert("RGB").tobytes()


def test_a_mistake_in_a_real_process(tmp_path):
    done = run(tmp_path, "inspect", "none")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1


def test_an_archive_is_fetched(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as file:
        file.writestr("images/a.jpg", "1")
    done = run(tmp_path, "tomatoes", "--archive", "a.zip")
    assert done.returncode == 0, done.stderr
    assert done.stdout.index("licence:") < done.stdout.index("1 files")
    assert (tmp_path / "assets/tomato/images/a.jpg").is_file()


USER_ERRORS = {
    "no command": ([], "the following arguments are required: COMMAND"),
    "unknown command": (["sings"], "invalid choice: 'sings'"),
    "nothing there": (["inspect", "none"], "none: no such file or folder"),
    "no images": (["inspect", "empty"], "empty: found no images"),
    "no data set": (["inspect", "notes.txt"], "notes.txt: expected folders of classes"),
    "threads": (["inspect", "photos", "--threads", "0"], "--threads: must be 1 or more, got 0"),
    "damaged, fatal": (["inspect", "photos", "--on-error", "fail"], "bad.jpg: is empty"),
    "output is a file": (["inspect", "photos", "--output-dir", "notes.txt"], "notes.txt"),
    "no photo": (["augmentations", "none.jpg"], "none.jpg: cannot be read (No such file"),
    "damaged photo": (["augmentations", "photos/a/bad.jpg"], "bad.jpg: is empty"),
    "seed": (["augmentations", "photos/a/000.png", "--seed", "-1"], "--seed: expected 0 or more"),
    "output name": (["augmentations", "photos/a/000.png", "--output", "a.txt"], "ending in .png"),
    "no archive": (["sign_mnist", "--archive", "none.zip"], "none.zip: cannot be unpacked"),
    "other archive": (["sign_mnist", "--archive", "a.zip"], "expected sign_mnist_train.csv in it"),
    "no images in it": (["tomatoes", "--archive", "b.zip"], "expected images or tables in it"),
}


@pytest.mark.parametrize("name", USER_ERRORS)
def test_a_mistake_is_one_line_and_status_2(tmp_path, name):
    arguments, message = USER_ERRORS[name]
    folder_of(tmp_path / "photos", {"a": 1})
    (tmp_path / "photos/a/bad.jpg").touch()
    (tmp_path / "empty").mkdir()
    (tmp_path / "notes.txt").write_text("x")
    for archive, member in (("a.zip", "b.csv"), ("b.zip", "README.txt")):
        with zipfile.ZipFile(tmp_path / archive, "w") as file:
            file.writestr(member, "1")
    before = sorted(tmp_path.rglob("*"))
    status, _, error = run_main(main, tmp_path, *arguments)
    assert status == 2, error
    assert len(error.splitlines()) == 1
    assert message in error
    assert sorted(path for path in tmp_path.rglob("*") if path.is_file()) == [
        path for path in before if path.is_file()
    ]


def test_without_kagglehub_the_extra_is_named(tmp_path):
    (tmp_path / "kagglehub.py").write_text("raise ImportError")
    environment = {**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"}
    done = subprocess.run(
        command("tomatoes"), cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 2
    assert "pip install 'classic-nn[kaggle]'" in done.stderr
    assert "--archive FILE" in done.stderr


@pytest.mark.skipif(not os.path.exists("/proc/self/fd"), reason="looks at open files in /proc")
def test_interrupted_it_says_so(tmp_path):
    image = photo(1, 1500, 1200)
    (tmp_path / "photos/a").mkdir(parents=True)
    image.save(tmp_path / "photos/a/0.png", compress_level=1)
    content = (tmp_path / "photos/a/0.png").read_bytes()
    for k in range(1, 200):  # enough to read while a busy machine gives this test no time
        (tmp_path / f"photos/a/{k}.png").write_bytes(content)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        [*command("inspect", "photos"), "--threads", "1"],
        cwd=tmp_path,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    fds = f"/proc/{process.pid}/fd"
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:  # until it reads a photo
        try:
            if any("photos" in os.readlink(f"{fds}/{fd}") for fd in os.listdir(fds)):
                break
        except OSError:
            pass
        time.sleep(0.001)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert errors.splitlines()[-1] == "python -m src.load inspect: error: interrupted"
    assert not (tmp_path / "assets").exists()


def test_the_account_is_printed_and_adds_up(tmp_path):
    folder_of(tmp_path / "photos", {"cat": 3, "dog": 2})
    save(tmp_path / "photos/dog/twin.png", 1)  # as cat/000: nobody knows which it is
    (tmp_path / "photos/dog/bad.jpg").write_bytes(b"<html>")
    (tmp_path / "photos/dog/notes.doc").touch()
    (tmp_path / "photos/.DS_Store").touch()
    status, output, _ = run_main(main, tmp_path, "inspect", "photos")
    assert status == 0
    lines = output.splitlines()
    start = lines.index("files found       9")
    assert [line.split(maxsplit=2)[-1].strip() for line in lines[start + 1 : start + 6]] == [
        "photos",
        "2  photos with contradictory labels",
        "that are no images of a known kind",
        "images",
        "1  system files and folders",
    ]
    saved = (tmp_path / "assets/inspect/photos/inspection.txt").read_text()
    assert saved.splitlines()[0] == f"inspection of {tmp_path / 'photos'}"
    assert "files found       9" in saved
    for cause in ("notes.doc", "bad.jpg", "cat/000.png = dog/twin.png"):  # any of it is fatal
        status, _, error = run_main(main, tmp_path, "inspect", "photos", "--on-error", "fail")
        assert status == 2
        assert len(error.splitlines()) == 1
        assert cause in error
        (tmp_path / "photos/dog" / cause.rpartition("/")[2]).unlink()
    assert run_main(main, tmp_path, "inspect", "photos", "--on-error", "fail")[0] == 0


def test_two_folders_of_one_name_have_two_inspections(tmp_path):
    for parent, count in (("one", 2), ("two", 3)):
        folder_of(tmp_path / parent / "photos", {"cat": count})
        for _ in range(2):  # the same place goes to the same folder again
            status, output, _ = run_main(main, tmp_path, "inspect", f"{parent}/photos")
            assert status == 0
            assert f"{count} samples" in output
    folders = sorted(path.name for path in (tmp_path / "assets/inspect").iterdir())
    assert len(folders) == 2
    assert folders[0] == "photos"
    texts = [
        (tmp_path / "assets/inspect" / name / "inspection.txt").read_text() for name in folders
    ]
    assert [text.splitlines()[0].rpartition("/")[0][-3:] for text in texts] == ["one", "two"]


def test_how_the_data_are_read_can_be_told(tmp_path):
    for k in range(4):
        save(tmp_path / f"{k}.png", k)
    rows = [f"{k}.png,{'a b' if k % 2 else 'b'},{'xy'[k % 2]}" for k in range(4)]
    (tmp_path / "list.csv").write_text("\n".join(["file,what,other", *rows]))
    status, _, error = run_main(main, tmp_path, "inspect", "list.csv")
    assert status == 2
    assert "--label-column NAME says which" in error
    told = ["inspect", "list.csv", "--label-column", "what"]
    assert "'a b'" not in run_main(main, tmp_path, *told)[1]
    assert "2 classes" in run_main(main, tmp_path, *told)[1]
    output = run_main(main, tmp_path, *told, "--label-separator", "space")[1]
    assert "any number of labels each, 2 classes" in output
    status, _, error = run_main(main, tmp_path, "inspect", ".", "--label-column", "what")
    assert (status, "--label-column is for CSV files" in error) == (2, True)
