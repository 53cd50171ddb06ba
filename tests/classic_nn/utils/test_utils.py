import numpy as np
import pytest
from PIL import Image

from src.classic_nn import BinaryCrossEntropy, Dense, Sequential
from src.classic_nn.utils import (
    evaluate,
    plot_curves,
    plot_decision_boundary,
    plot_pca,
    predict_classes,
    predict_labels,
    predict_logits,
    predict_probabilities,
    save_figure,
    show_pictures,
)


@pytest.fixture
def network(rng):
    made = Sequential([Dense(3)])
    made.build((4,), rng)
    return made


@pytest.mark.parametrize("samples", [0, 1, 10, 11])
def test_prediction_in_batches_equals_prediction_at_once(network, samples, rng):
    x = rng.normal(size=(samples, 4)).astype(np.float32)
    logits = predict_logits(network, x, batch_size=5)
    assert logits.shape == (samples, 3)
    assert np.allclose(logits, network.forward(x)[0], rtol=1e-6, atol=1e-6)


def test_inputs_take_the_networks_dtype(network, rng):
    assert predict_logits(network, rng.normal(size=(3, 4))).dtype == np.float32


def test_probabilities_become_labels_and_classes(network, rng):
    loss = BinaryCrossEntropy()
    x = rng.normal(size=(6, 4))
    probabilities = predict_probabilities(network, loss, x)
    assert np.allclose(probabilities, 1 / (1 + np.exp(-predict_logits(network, x))), rtol=1e-5)
    assert predict_labels(np.array([[0.2, 0.5, 0.9]])).tolist() == [[0, 1, 1]]
    assert predict_labels(np.array([[0.2, 0.5, 0.9]]), threshold=0.6).tolist() == [[0, 0, 1]]
    assert predict_classes(np.array([[0.2, 0.5, 0.3], [0.8, 0.1, 0.1]])).tolist() == [1, 0]


def test_evaluation_gives_cost_and_metrics(network, rng):
    x, y = rng.normal(size=(8, 4)), (rng.random((8, 3)) < 0.5).astype(np.float32)
    figures = evaluate(
        network, BinaryCrossEntropy(), x, y, {"mean p": lambda y, p: float(p.mean())}
    )
    logits = predict_logits(network, x)
    assert figures["cost"] == BinaryCrossEntropy().forward(logits, y)[0]
    assert set(figures) == {"cost", "mean p"}


def pictures(rng):
    x = rng.normal(size=(40, 2))
    return {
        "curves": plot_curves({"train": [3, 2, 1], "validation": [3, 3, 2]}, [1, 2, 3], "cost"),
        "pca": plot_pca(rng.normal(size=(30, 5, 2)), np.arange(30)),
        "boundary": plot_decision_boundary(lambda p: p[:, 0] > 0, x, (x[:, 0] > 0).astype(int)),
    }


def test_pictures_are_png_files_with_named_axes(rng, tmp_path):
    for name, figure in pictures(rng).items():
        path = tmp_path / f"{name}.png"
        save_figure(figure, path)
        with Image.open(path) as image:
            image.load()
            assert image.format == "PNG"
            assert min(image.size) > 200
            assert np.asarray(image.convert("L")).std() > 5  # not an empty page
        axes = figure.axes[0]
        assert axes.get_xlabel()
        assert axes.get_ylabel()
    assert len(list(tmp_path.iterdir())) == 3  # no partial files


def test_epochs_are_whole_numbers_on_the_axis():
    figure = plot_curves({"train": [3.0, 2.0, 1.0]}, [1, 2, 3], "cost")
    figure.canvas.draw()
    assert all(tick == int(tick) for tick in figure.axes[0].get_xticks())


def test_no_window_opens_without_a_display(monkeypatch, tmp_path):
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setattr("sys.platform", "linux")
    assert show_pictures([tmp_path / "missing.png"]) == "there is no display"


def test_data_of_one_feature_are_drawn(rng, tmp_path):
    save_figure(plot_pca(rng.normal(size=(10, 1)), np.arange(10)), tmp_path / "pca.png")


def test_evaluation_uses_weights_and_gives_no_metrics_without_numbers(network, rng):
    x, y = rng.normal(size=(4, 4)), np.ones((4, 3), np.float32)
    weights = np.array([0, 1.0, 0, 0])
    one = evaluate(network, BinaryCrossEntropy(), x[1:2], y[1:2], {})
    weighted = evaluate(network, BinaryCrossEntropy(), x, y, {}, weights)
    assert weighted["cost"] == pytest.approx(one["cost"])
    network.parameters.vector[...] = np.inf
    with np.errstate(invalid="ignore", over="ignore"):
        broken = evaluate(network, BinaryCrossEntropy(), x, y, {"m": lambda y, p: 1.0})
    assert list(broken) == ["cost"]
    assert np.isnan(broken["cost"])
