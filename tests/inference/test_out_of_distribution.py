"""Scores of strangeness, against their formulas and on what is made strange."""

import numpy as np
import pytest

from src.classic_nn import Dense, Dropout, ReLU, Sequential
from src.inference.__main__ import main
from src.inference.out_of_distribution import (
    class_means,
    distance_to_means,
    energy,
    features_and_logits,
)
from src.inference.outside import area_under_roc
from tests.inference.models import write
from tests.load.photos import folder_of
from tests.programs import run_main


def test_energies_are_their_formulas(rng):
    z = rng.normal(size=(5, 3)) * 3
    assert np.allclose(energy(z, "multi_class"), -np.log(np.exp(z).sum(axis=1)))
    assert np.allclose(energy(z, "multi_label"), -np.log1p(np.exp(z)).sum(axis=1))
    two = np.concatenate([np.zeros((5, 1)), z[:, :1]], axis=1)
    assert np.allclose(energy(z[:, :1], "binary"), energy(two, "multi_class"))
    assert np.isfinite(energy(1000 * z, "multi_class")).all()


@pytest.mark.parametrize(
    "made",
    [
        lambda: Sequential([Dense(6), ReLU(), Dense(3)]),
        lambda: Sequential({"body": Dense(6), "head": Sequential([Dropout(0.5), Dense(3)])}),
        lambda: Sequential({"body": Dense(6), "head": Sequential([Dense(3)])}),
        lambda: Sequential([Dense(3)]),
    ],
)
def test_features_are_what_the_last_layer_takes(made, rng):
    net = made()
    net.build((4,), rng, np.float64)
    x = rng.normal(size=(5, 4))
    features, logits = features_and_logits(net, x)
    last = net.layers[-1]
    last = last.layers[-1] if isinstance(last, Sequential) else last
    assert np.allclose(logits, net.forward(x)[0])
    assert np.allclose(features @ last.parameters["W"] + last.parameters["b"], logits)


def test_a_network_without_a_dense_end_has_no_features(rng):
    net = Sequential([Dense(3), ReLU()])
    net.build((4,), rng)
    with pytest.raises(ValueError, match="expected a dense layer at its end"):
        features_and_logits(net, np.zeros((1, 4), np.float32))


def test_means_and_distances(rng):
    features = np.array([[1.0, 0.0], [3.0, 0.0], [0.0, 4.0], [9.0, 9.0]])
    indicators = np.array([[1, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 0]])
    means = class_means(features, indicators)
    assert means.tolist() == [[2.0, 0.0], [0.0, 4.0], [0.0, 0.0]]
    found = distance_to_means(np.array([[2.0, 0.0], [2.0, 1.0], [0.0, 6.0]]), means)
    assert found.tolist() == [0.0, 0.5, 0.5]  # the empty class is no place to be near to


def test_area_counts_pairs():
    assert area_under_roc(np.array([0.0, 1.0]), np.array([2.0, 3.0])) == 1
    assert area_under_roc(np.array([0.0, 1.0]), np.array([0.0, 1.0])) == 0.5


def test_the_command_prints_a_row_for_each_score(tmp_path, rng):
    folder_of(tmp_path / "known", {"cat": 4, "dog": 4, "owl": 4})
    folder_of(tmp_path / "other", {"x": 5})
    means = rng.normal(size=(3, 6)).astype(np.float32)
    model = write(tmp_path / "model.safetensors", class_means=means)
    status, printed, error = run_main(
        main, tmp_path, "evaluate", model, "known", "--outside", "other", "--output-dir", "out"
    )
    assert status == 0, error
    for name in ("uncertainty", "energy", "distance to the nearest class"):
        assert any(line.startswith(name) for line in printed.splitlines())
    assert "12 samples of the data against 5 other photos" in printed
    assert "distance to the nearest class" in (tmp_path / "out/report.md").read_text()
    status, _, error = run_main(main, tmp_path, "evaluate", model, "known", "--outside", "none")
    assert status == 2
    assert error.count("\n") == 1


def test_models_keep_their_means(tmp_path, rng):
    from src.classic_nn.serialization import load_model

    means = rng.normal(size=(3, 6)).astype(np.float32)
    path = write(tmp_path / "model.safetensors", class_means=means, reject_below=0.4)
    again = load_model(path)
    assert (again.class_means == means).all()
    assert again.reject_below == 0.4
    assert load_model(write(tmp_path / "plain.safetensors")).class_means is None
