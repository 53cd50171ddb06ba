"""The recipe ``photos``: a backbone with random weights on small photos, by its command."""

import errno
import json

import numpy as np
import pytest

from src.classic_nn.serialization import network_arrays
from src.classic_train.__main__ import main
from src.classic_train.data import features
from src.classic_train.recipes.backbone import HEAD
from src.classic_train.recipes.registry import RECIPES
from src.classic_train.run.directory import Run
from src.classic_train.run.trained_part import trained_part
from src.inference import load_model
from src.inference.pretrained import needed_arrays, pretrained_network
from tests.classic_train.photo_sets import class_folders
from tests.load.weights.files import save_weights
from tests.programs import run_main

pytestmark = pytest.mark.usefixtures("without_drawing")

SMALL = ["--image-size", "40", "--batch-size", "8", "--quiet"]


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with photos, and a folder of weights with two backbones."""
    directory = tmp_path_factory.mktemp("photos")
    np.savez(directory / "vectors.npz", X=np.zeros((20, 3)), Y=np.zeros((20, 1)))
    class_folders(directory / "photos", {"clean": 14, "dirty": 14, "half": 10})
    (directory / "weights").mkdir()
    rng = np.random.default_rng(5)
    save_weights(directory / "weights/mobilenet_v2.safetensors", "mobilenet_v2", "torchvision", rng)
    save_weights(
        directory / "weights/squeezenet1_1.safetensors", "squeezenet1_1", "torchvision", rng
    )
    return directory


@pytest.fixture
def inside(place, monkeypatch):
    monkeypatch.chdir(place)
    monkeypatch.setenv("CLASSIC_NN_WEIGHTS", str(place / "weights"))
    return place


def train(inside, *arguments):
    """Status, the new run's directory, and what was printed as an error."""
    before = set((inside / "assets/runs").glob("*")) if (inside / "assets/runs").exists() else set()
    status, _, error = run_main(main, inside, "photos", "--data", "photos", *SMALL, *arguments)
    new = set((inside / "assets/runs").glob("*")) - before if status == 0 else {None}
    return status, next(iter(new)), error


def config_of(run):
    return json.loads((run / "config.json").read_text())


def backbone_is_untouched(model, name="mobilenet_v2", but=()):
    saved = pretrained_network(name, head=False, pixels=40).network
    own = needed_arrays(model.network)
    return all(
        (own[key] == array).all()
        for key, array in needed_arrays(saved).items()
        if not key.startswith(but)
    )


def test_few_photos_train_a_head_on_cached_features(inside):
    status, run, _ = train(inside, "--epochs", "3")
    assert status == 0
    config = config_of(run)
    assert (config["backbone"], config["freeze"], config["cache_features"]) == (
        *("mobilenet_v2", "all"),
        4,
    )
    assert config["fingerprint"]["weights"]["architecture"] == "mobilenet_v2"
    model = load_model(run / "model.safetensors").model
    assert backbone_is_untouched(model)
    assert model.class_names == ["clean", "dirty", "half"]
    assert len(list((inside / "assets/cache/features").glob("*.npy"))) == 2
    prediction = load_model(run / "model.safetensors").predict("photos/clean/000.png")[0]
    assert not prediction.error
    metrics = json.loads((run / "metrics.json").read_text())
    assert metrics["parameters"] == 2_223_872 + 1280 * 3 + 3


def test_other_weights_have_features_of_their_own(inside, tmp_path):
    kept = inside / "assets/cache/features"
    for seed in (1, 2):
        weights = tmp_path / f"{seed}.safetensors"
        save_weights(weights, "squeezenet1_1", "torchvision", np.random.default_rng(seed))
        before = set(kept.glob("*")) if kept.exists() else set()
        options = ["--backbone", "squeezenet1_1", "--weights", weights, "--epochs", "1"]
        assert train(inside, *options)[0] == 0
        assert len(set(kept.glob("*")) - before) == 2


@pytest.mark.parametrize("content", [b"", b"\x93NUMPY", None])
def test_a_broken_file_of_features_is_made_again(inside, content):
    assert train(inside, "--epochs", "1", "--seed", "5")[0] == 0
    newest = max((inside / "assets/cache/features").glob("*.npy"), key=lambda p: p.stat().st_mtime)
    whole = newest.read_bytes()
    newest.write_bytes(whole[:-2] if content is None else content)
    status, _, error = train(inside, "--epochs", "1", "--seed", "5")
    assert (status, error) == (0, "")
    assert newest.read_bytes() == whole


def test_features_are_computed_once(inside, monkeypatch):
    train(inside, "--epochs", "1", "--seed", "3")
    monkeypatch.setattr(features.PhotoFeatures, "_compute", None)
    status, _, error = train(inside, "--epochs", "2", "--seed", "3", "--hidden", "8")
    assert (status, error) == (0, "")


@pytest.mark.parametrize("freeze", ["all", "stage6"])
def test_cached_and_uncached_training_are_the_same(inside, freeze):
    """On the same views, to the rounding of half precision."""
    options = ["--epochs", "2", "--dropout", "0", "--freeze", freeze, "--cache-features"]
    costs = {}
    for views in (0, 2):
        status, run, error = train(inside, *options, str(views))
        assert status == 0, error
        history = json.loads((run / "metrics.json").read_text())["history"]
        costs[views] = [(r["cost"], r["validation_cost"], r["accuracy"]) for r in history]
    assert np.allclose(costs[0], costs[2], rtol=2e-3)


def test_features_of_the_epochs_are_those_of_their_views(inside):
    recipe = RECIPES["photos"]
    options = recipe.defaults("backbone")
    options = type(options).from_dict(
        options.as_dict()
        | {"data": str(inside / "photos"), "backbone": "mobilenet_v2", "image_size": 40}
        | {"batch_size": 8, "freeze": "all", "cache_features": 2}
    )
    data = recipe.load_data(options)
    network = recipe.build_network(options, data)
    part = trained_part(network, options, data, Run(inside, inside, quiet=True))
    for epoch in (1, 2, 3):
        found = list(part.inputs.batches("train").epoch(epoch))
        view = 1 if epoch == 3 else epoch
        rows = {
            tuple(np.round(x, 4))
            for batch, _ in data.batches("train").epoch(view)
            for x in np.round(network[:HEAD].forward(batch)[0], 4)
        }
        if epoch < 3:
            for (x, y), (photos, targets) in zip(
                found, data.batches("train").epoch(epoch), strict=True
            ):
                expected, _ = network[:HEAD].forward(photos)
                assert np.abs(x - expected).max() <= 2e-3 * np.abs(expected).max()
                assert (y == targets).all()
        assert sum(len(x) for x, _ in found) == len(rows)
    shards = [part.inputs.batches("train").shard(k, 2) for k in range(2)]
    for whole, *parts in zip(
        part.inputs.batches("train").epoch(1), *(s.epoch(1) for s in shards), strict=True
    ):
        assert (np.concatenate([x for x, _ in parts]) == whole[0]).all()


def test_a_full_disk_leaves_nothing(inside, monkeypatch):
    def full(path):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(features, "reserve", full)
    kept = set((inside / "assets/cache/features").glob("*"))
    status, _, error = train(inside, "--epochs", "1", "--seed", "11")
    assert status == 2
    assert "the disk is full" in error
    assert error.count("\n") == 1
    assert set((inside / "assets/cache/features").glob("*")) == kept


def test_fine_tuning_trains_what_is_not_frozen(inside):
    status, run, error = train(
        inside, "--epochs", "2", "--freeze", "stage6", "--backbone-rate", "0.5"
    )
    assert status == 0, error
    model = load_model(run / "model.safetensors").model
    assert not backbone_is_untouched(model)
    assert backbone_is_untouched(model, but=("stage7.", "top."))


def test_a_resumed_run_with_unfreezing_is_the_uninterrupted_one(inside):
    options = ["--unfreeze", "top@2", "--workers", "1"]  # with it, auto freezes all until then
    _, whole, _ = train(inside, *options, "--epochs", "3", "--schedule", "constant")
    _, part, _ = train(inside, *options, "--epochs", "2", "--schedule", "constant")
    status, *_ = run_main(main, inside, "photos", "--resume", part, "--epochs", "3", "--quiet")
    assert status == 0
    models = [load_model(run / "model.safetensors").model.network for run in (whole, part)]
    for name, array in network_arrays(models[0]).items():
        assert (array == network_arrays(models[1])[name]).all(), name
    checkpoint = (part / "last.safetensors").stat().st_size
    assert checkpoint < (part / "model.safetensors").stat().st_size


def test_other_weights_are_noticed_when_a_run_goes_on(inside, tmp_path):
    weights = tmp_path / "own.safetensors"
    save_weights(weights, "squeezenet1_1", "torchvision", np.random.default_rng(1))
    options = ["--backbone", "squeezenet1_1", "--weights", weights, "--epochs", "1"]
    _, run, _ = train(inside, *options)
    save_weights(weights, "squeezenet1_1", "torchvision", np.random.default_rng(2))
    status, _, error = run_main(main, inside, "photos", "--resume", run, "--epochs", "2", "--quiet")
    assert status == 2
    assert "the backbone has other weights" in error


def test_the_learning_rate_is_found(inside):
    status, run, error = train(inside, "--epochs", "1", "--learning-rate", "auto")
    assert status == 0, error
    assert 1e-6 <= config_of(run)["learning_rate"] < 10
    assert (run / "learning_rate.png").is_file()
    assert "](learning_rate.png)" in (run / "report.md").read_text()


@pytest.mark.parametrize("arguments", [["--backbone", "none"], ["--model", "cnn"]])
def test_without_a_backbone_a_small_network_learns_from_nothing(inside, arguments):
    status, run, error = train(inside, *arguments, "--epochs", "1", "--filters", "4,4")
    assert status == 0, error
    assert config_of(run)["model"] == "cnn"
    assert "backbone" not in config_of(run)


def test_without_weights_it_says_so(inside, monkeypatch):
    monkeypatch.setenv("CLASSIC_NN_WEIGHTS", "")
    arguments = ["photos", "--data", "photos", *SMALL, "--epochs", "1", "--filters", "4,4"]
    status, printed, _ = run_main(main, inside, *arguments)
    assert (status, printed) == (0, "")
    arguments.remove("--quiet")
    status, printed, _ = run_main(main, inside, *arguments)
    assert status == 0
    assert "a small CNN learns from nothing (python -m src.load weights" in printed


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--backbone", "resnet5"], "unknown backbone 'resnet5': did you mean"),
        (["--backbone", "resnet50"], "fetch them with python -m src.load weights resnet50"),
        (["--backbone", "mobilenet_v2", "--weights", "missing.npz"], "missing.npz: no such file"),
        (["--weights", "own.npz"], "--weights: say of which network"),
        (["--freeze", "stage9"], "--freeze: stage 'stage9': did you mean"),
        (["--freeze", "head"], "--freeze: stage 'head'"),
        (["--freeze", "stage6.0"], "--freeze: stage 'stage6.0'"),
        (["--backbone-rate", "0.5"], "--backbone-rate: nothing of the backbone is trained"),
        (["--freeze", "none", "--unfreeze", "top@2"], "--unfreeze: top is not frozen"),
        (["--unfreeze", "top@9"], "--unfreeze: top@9 is after the last epoch"),
        (["--unfreeze", "top@1,top@1"], "expected each layer once"),
        (["--data", "vectors.npz"], "--data: vectors.npz holds no images"),
        (["--freeze", "none", "--cache-features", "2"], "--cache-features: features change"),
        (["--unfreeze", "stage9@2"], "--unfreeze: stage 'stage9'"),
        (["--unfreeze", "stage7"], "expected LAYER@EPOCH"),
        (["--color", "grey"], "pretrained weights take photos in colour"),
        (["--backbone-rate", "0"], "--backbone-rate"),
        (["--cache-features", "-1"], "--cache-features"),
        (["--learning-rate", "fast"], "--learning-rate"),
        (["--filters", "8"], "the network backbone of photos does not use it"),
    ],
)
def test_mistakes_get_one_line(inside, arguments, said):
    status, _, error = train(inside, "--epochs", "1", *arguments)
    assert status == 2
    assert said in error
    assert error.count("\n") == 1
