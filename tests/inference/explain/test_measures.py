"""Whether the measures say which explanation is true."""

from dataclasses import replace

import numpy as np
import pytest

from src.classic_nn import BatchNorm, Dense, Flatten, ReLU, Sequential
from src.classic_nn.layers import copy_network
from src.classic_nn.serialization import SavedModel
from src.inference.classifier import Classifier
from src.inference.explain import METHODS, Explainer, Settings
from src.inference.explain.baselines import blurred
from src.inference.explain.drawing import Pictures
from src.inference.explain.faithfulness import (
    cells_of,
    exchange_curve,
    importance,
    share_inside,
)
from src.inference.explain.labelled_samples import measured_samples, prepared_mask
from src.inference.explain.measures import (
    EDGES,
    RANDOM,
    RANDOMIZED,
    Sample,
    edges,
    measure,
    table_rows,
    ticks,
)
from src.inference.explain.randomization import randomized, rank_correlation, stages
from src.load import read_data
from tests.classic_train.photo_sets import yolo
from tests.inference.models import preprocessing, saved

SIDE = 16


def looking_at(mask):
    """A binary model: yes is green in the mask, and nothing else counts."""
    network = Sequential([Flatten(), Dense(1)])
    network.build((SIDE, SIDE, 3), np.random.default_rng(0))
    w = np.zeros((SIDE, SIDE, 3))
    w[mask] = (0, 40 / mask.sum(), 0)
    network.layers[1].parameters["W"][:, 0] = w.ravel()
    network.layers[1].parameters["b"][...] = -10
    return Classifier(SavedModel(network, "binary", ["no", "yes"], preprocessing(SIDE)))


@pytest.fixture
def mask():
    inside = np.zeros((SIDE, SIDE), bool)
    inside[4:8, 8:14] = True
    return inside


@pytest.fixture
def green(rng, mask):
    """A photo with a green rectangle in the mask, and noise."""
    x = rng.normal(scale=0.3, size=(SIDE, SIDE, 3)).astype(np.float32)
    x[mask, 1] += 1
    return x


def test_a_curve_is_the_probability_along_the_order(rng):
    before, after = np.zeros(8), np.ones(8)
    cells = np.arange(8) // 2
    order = np.array([2, 0, 3, 1])
    seen = []

    def probability(inputs, count):
        seen.append(inputs(slice(0, count)))
        return seen[-1].mean(axis=1)

    curve = exchange_curve(probability, before, after, cells, order)
    assert curve.fractions.tolist() == [0, 0.25, 0.5, 0.75, 1]
    assert seen[0][1].tolist() == [0, 0, 0, 0, 1, 1, 0, 0]
    assert seen[0][2].tolist() == [1, 1, 0, 0, 1, 1, 0, 0]
    assert np.array_equal(seen[0][0], before)
    assert np.array_equal(seen[0][-1], after)
    assert curve.area == pytest.approx(0.5)
    assert np.array_equal(before, np.zeros(8))


def test_importance_is_the_mean_of_a_cell(rng):
    heat = rng.normal(size=(32, 48))
    cells = cells_of(np.zeros((32, 48, 3)))
    found = importance(heat, cells)
    assert found.shape == (256,)
    assert found[0] == pytest.approx(heat[:2, :3].mean())
    assert len(importance(rng.normal(size=7), cells_of(np.zeros(7)))) == 7


def test_a_true_explanation_has_better_areas_than_one_that_knows_nothing(mask, green):
    classifier = looking_at(mask)
    explainer = Explainer(classifier, "yes", baseline="black")
    samples = [Sample("a", green, mask), Sample("b", green[:, ::-1].copy(), mask[:, ::-1])]
    table = measure(explainer, samples[:1], ["integrated_gradients", "gradient", "occlusion"])
    areas = {
        name: (found.deletion[0].area, found.insertion[0].area)
        for name, found in table.measures.items()
    }
    for method in ("integrated_gradients", "occlusion"):
        for control in (RANDOM, EDGES):
            assert areas[method][0] < areas[control][0]
            assert areas[method][1] >= areas[control][1]
    inside = {name: found.inside[0] for name, found in table.measures.items()}
    assert inside["integrated_gradients"] == 1
    assert inside[RANDOM] == pytest.approx(mask.mean(), abs=0.05)
    assert table.area == pytest.approx(mask.mean())


def test_insertion_begins_with_the_blurred_photo_and_deletion_ends_with_the_baseline(mask, green):
    explainer = Explainer(looking_at(mask), "yes", baseline="black")
    table = measure(explainer, [Sample("a", green, mask)], ["gradient_times_input"])
    found = table.measures["gradient_times_input"]

    def p(x):
        return explainer.probabilities(lambda _: x[np.newaxis], 1)[0, 1]

    assert found.insertion[0].probabilities[0] == pytest.approx(p(blurred(green)))
    assert found.deletion[0].probabilities[-1] == pytest.approx(p(explainer.baseline_of(green)))
    assert abs(p(blurred(green)) - p(explainer.baseline_of(green))) > 0.1


def test_completeness_errors_are_collected(mask, green):
    explainer = Explainer(looking_at(mask), "yes", baseline="black")
    methods = ["integrated_gradients", "gradient"]
    table = measure(explainer, [Sample("a", green, mask)], methods)
    (found,) = table.explanations["integrated_gradients"]
    assert table.measures["integrated_gradients"].errors == [found.figures["relative_error"]]
    assert table.measures["gradient"].errors == []


def test_boxes_of_data_that_are_not_cut_out_are_used(tmp_path):
    classifier = Classifier(saved(names=("red", "green")))
    place = yolo(tmp_path / "data", ["red", "green"], 3, per_photo=1)
    whole = read_data(place, objects=False)
    samples, known_by = measured_samples(classifier, whole, whole.rows(), place)
    assert known_by == {"boxes": 3}
    for sample in samples:  # boxes have nine tenths of each side
        assert sample.subject.mean() == pytest.approx(0.81, abs=0.1)


def test_shares_count_what_speaks_for_the_class(mask):
    heat = np.where(mask, 3.0, 0.0)
    assert share_inside(heat, mask) == 1
    assert share_inside(heat, ~mask) == 0
    heat[~mask] = -50.0  # against it: does not count
    assert share_inside(heat, mask) == 1
    assert share_inside(np.ones((4, 4)), np.eye(4, dtype=bool)) == 0.25
    assert np.isnan(share_inside(-heat * mask, mask))


def test_randomized_networks_lose_their_last_layers_first(rng):
    network = Sequential([Dense(6), BatchNorm(), ReLU(), Sequential([Dense(5), ReLU()]), Dense(3)])
    network.build((4,), rng)
    network.buffers["running_mean1"][...] = 3
    network["dense1"].freeze()
    before = copy_network(network)

    assert stages(network) == [1, 2, 4]

    def changed(count):
        other = randomized(network, count, 1)
        arrays = {**network.parameters, **network.frozen}
        others = {**other.parameters, **other.frozen}
        same = {name for name in arrays if np.array_equal(arrays[name], others[name])}
        return sorted(name for name in arrays if name not in same and "b" not in name)

    assert changed(1) == ["W2"]
    assert changed(2) == ["W2", "sequential1.W1"]
    assert changed(4) == ["W1", "W2", "sequential1.W1"]
    assert np.array_equal(before.parameters.vector, network.parameters.vector)
    two, other = randomized(network, 2, 1), randomized(network, 4, 1)
    assert np.array_equal(two.parameters["W2"], other.parameters["W2"])  # a cascade
    assert not np.array_equal(randomized(network, 4, 2).parameters["W2"], other.parameters["W2"])
    assert not other.buffers["running_mean1"].any()
    assert (network.buffers["running_mean1"] == 3).all()


def test_layers_that_start_at_zero_get_random_weights_too(rng):
    network = Sequential([Dense(6), ReLU(), Dense(2, initialization="zeros")])
    network.build((4,), rng)
    assert randomized(network, 1, 0)["dense2"].parameters["W"].std() > 0.1


def test_rank_correlation():
    one = np.array([[1.0, -2.0], [3.0, -4.0]])
    assert rank_correlation(one, 2 * one) == 1
    assert rank_correlation(one, -one) == 1  # of absolute values
    assert rank_correlation(one, -one, signed=True) == -1
    assert rank_correlation(one, 5 - np.abs(one)) == -1
    assert np.isnan(rank_correlation(one, np.ones((2, 2))))


def test_signed_correlations_are_those_after_all_layers(rng):
    explainer = Explainer(Classifier(saved()))
    x = rng.normal(size=(16, 16, 3)).astype(np.float32)
    number, _ = explainer.answer(x)
    question = explainer.question(x, number)
    network = randomized(explainer.classifier.model.network, 2, explainer.settings.seed)
    other = replace(question, score=replace(question.score, network=network))
    maps = [METHODS["gradient"](q).values.sum(axis=2) for q in (question, other)]
    table = measure(explainer, [Sample("a", x)], ["gradient"])
    (found,) = table.measures["gradient"].signed
    assert found == pytest.approx(rank_correlation(*maps, signed=True), abs=1e-6)


def test_the_check_tells_what_depends_on_the_model(rng):
    """Gradients change with the weights; a map of edges does not, and would not fall."""
    classifier = Classifier(saved())
    classifier.model.network["conv2d1"].parameters["W"][...] *= 3
    samples = [Sample(str(k), rng.normal(size=(16, 16, 3)).astype(np.float32)) for k in range(6)]
    calls = []
    settings = Settings(coalitions=60, grid=3)
    explainer = Explainer(classifier, settings=settings)
    table = measure(explainer, samples, ["gradient", "shap"], lambda: calls.append(1))
    found = table.measures["gradient"]
    network = classifier.model.network
    assert stages(network) == [1, 2]
    assert len(calls) == ticks(network, 6, 2) == 2 * (6 + RANDOMIZED * 2)
    assert {count: len(values) for count, values in found.correlations.items()} == {1: 4, 2: 4}
    assert np.mean(found.correlations[2]) < 0.5
    assert found.names == [str(k) for k in range(6)]
    assert len(found.signed) == RANDOMIZED
    assert abs(np.mean(found.signed)) < 0.5
    assert table.agreement["gradient", "gradient"] == pytest.approx(1)
    assert table.agreement["gradient", "shap"] == pytest.approx(table.agreement["shap", "gradient"])
    assert not table.measures[EDGES].correlations
    rows = table_rows(table)
    assert [row[0] for row in rows] == ["method", "gradient", "shap", EDGES, RANDOM]
    assert len({len(row) for row in rows}) == 1


def test_edges_are_where_brightness_changes():
    x = np.zeros((8, 8, 3))
    x[:, 4:] = 1
    found = edges(x)
    assert found[:, 3:5].min() > 0
    assert not found[:, :3].any()
    assert edges(np.array([-2.0, 1.0])).tolist() == [2, 1]


def test_what_cannot_be_explained_is_said_and_the_rest_goes_on(rng):
    explainer = Explainer(Classifier(saved()), settings=Settings(window=17))
    samples = [Sample("a", rng.normal(size=(16, 16, 3)).astype(np.float32))]
    table = measure(explainer, samples, ["gradient", "occlusion"])
    assert table.failed == ["occlusion: window: expected 16 or less, got 17"]
    assert len(table.explanations["gradient"]) == 1
    assert table.explanations["occlusion"] == []


def test_objects_are_shown_with_what_lies_around_them(tmp_path):
    classifier = Classifier(saved(names=("red", "green")))

    place = yolo(tmp_path / "data", ["red", "green"], 4)
    dataset = read_data(place)
    rows = dataset.rows()[:6]
    samples, known_by = measured_samples(classifier, dataset, rows, place)
    assert known_by == {"boxes": 6}
    for sample, row in zip(samples, rows, strict=True):
        left, top, right, bottom = dataset.images.boxes[row]
        wide = np.clip([left - (right - left) / 2, right + (right - left) / 2], 0, 1)
        high = np.clip([top - (bottom - top) / 2, bottom + (bottom - top) / 2], 0, 1)
        area = (right - left) * (bottom - top) / (np.ptp(wide) * np.ptp(high))
        assert sample.x.shape == (16, 16, 3)
        assert sample.subject.mean() == pytest.approx(area, abs=0.15)
    whole = read_data(place, objects=False)
    samples, known_by = measured_samples(classifier, whole, whole.rows()[:3], place)
    assert known_by == {"boxes": 3}
    assert all(0 < sample.subject.mean() < 1 for sample in samples)


def test_a_mask_goes_where_the_photo_goes():
    classifier = Classifier(saved())
    mask = np.zeros((40, 80), bool)
    mask[:20, :40] = True
    found = prepared_mask(classifier, Pictures(classifier), mask)
    expected = np.zeros((16, 16), bool)
    expected[:8, :8] = True
    assert np.array_equal(found, expected)
