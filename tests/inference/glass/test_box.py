"""Questions to the glass box: what they answer is what the library computes."""

import base64

import numpy as np
import pytest

from src.classic_nn import Context, create_optimizer
from src.classic_nn.layers.copying import copy_network
from src.classic_nn.loss import BinaryCrossEntropy, SoftmaxCrossEntropy
from src.inference.classifier import Classifier
from src.inference.glass import box as box_file
from src.inference.glass.box import Asked, GlassBox
from src.inference.glass.goals import goal, step_of_weight
from src.inference.glass.packed import as_json
from src.inference.glass.play import Changes
from src.load.errors import UnreadableDataError
from tests.inference.models import saved


def glass(task="multi_class", **more):
    classifier = Classifier(saved(task, **more), threads=1)
    return GlassBox(classifier), np.random.default_rng(3).normal(size=(16, 16, 3))


@pytest.fixture
def shown():
    return glass()


def forward(box, x):
    return box.network.forward(x[np.newaxis].astype(np.float32))[0][0]


def test_the_diagram_has_every_operation(shown):
    box, _ = shown
    values = box.network_values()
    assert [node["path"] for node in values["nodes"]] == [
        *("input", "conv2d1", "relu1", "globalaveragepool1", "dense1"),
    ]
    conv = values["nodes"][1]
    assert conv["inputs"] == ["input"]
    assert conv["arrays"] == {"W": [3, 3, 3, 6], "b": [6]}
    assert conv["parameters"] == 168
    assert conv["multiply_adds"] == 16 * 16 * 27 * 6
    assert conv["field"] == [[-1, -1], [1, 1], [3, 3]]


def test_the_answer_is_that_of_predict(shown):
    box, x = shown
    found = box.forward(Asked(x), 4)
    np.testing.assert_allclose(found["logits"], forward(box, x), rtol=1e-5, atol=1e-6)
    assert found["probabilities"].sum() == pytest.approx(1)
    assert found["labels"] == [box.classifier.classes[int(found["logits"].argmax())]]
    again = box.probabilities(Asked(x))
    np.testing.assert_allclose(again["probabilities"], found["probabilities"], rtol=1e-5)


def test_the_strongest_maps_come_first(shown):
    box, x = shown
    y, _ = box.network["conv2d1"].forward(x[np.newaxis].astype(np.float32))
    order = np.argsort(-np.sqrt((y[0].astype(float) ** 2).sum(axis=(0, 1))))
    maps = box.forward(Asked(x), 4)["maps"]["conv2d1"]
    assert maps["channels"].tolist() == order[:4].tolist()
    rest = box.maps(Asked(x), "conv2d1", 4, 10)
    assert rest["channels"].tolist() == order[4:].tolist()
    channel = box.channel(Asked(x), "conv2d1", int(order[0]), "values")
    np.testing.assert_allclose(channel["numbers"], y[0, ..., order[0]], rtol=1e-6)
    shown_map = (maps["pictures"][0].astype(float) / 255 * 2 - 1) * maps["limits"][0]
    np.testing.assert_allclose(shown_map, channel["numbers"], atol=maps["limits"][0] / 200)


@pytest.mark.parametrize("task", ["multi_class", "binary", "multi_label"])
def test_gradients_are_those_of_the_loss_if_the_choice_were_right(task):
    names = ("no", "yes") if task == "binary" else ("cat", "dog", "owl")
    box, x = glass(task, names=names)
    chosen = [0, 2] if task == "multi_label" else [1]
    found = box.backward(Asked(x, chosen=chosen), 3)
    loss = SoftmaxCrossEntropy() if task == "multi_class" else BinaryCrossEntropy()
    targets = {"multi_class": [1], "binary": [[1]], "multi_label": [[1, 0, 1]]}[task]
    z, cache = box.network.forward(x[np.newaxis].astype(np.float32), Context())
    value, kept = loss.forward(z, np.array(targets))
    assert found["loss"] == pytest.approx(float(value), rel=1e-5)
    dx, gradients = box.network.backward(loss.backward(kept), cache)
    shown = box.channel(Asked(x, chosen=chosen), "input", 1, "gradients")["numbers"]
    np.testing.assert_allclose(shown, dx[0, ..., 1], atol=1e-5 * np.abs(dx).max())
    place = (1, 2, 0, 4)
    weight = box.weight(Asked(x, chosen=chosen), "conv2d1", "W", place, "sgd", 0.1)
    scale = float(np.abs(gradients["W1"]).max())
    assert weight["value"] == pytest.approx(float(gradients["W1"][place]), abs=1e-5 * scale)
    assert weight["total"] == pytest.approx(weight["value"], abs=1e-5 * scale)
    assert weight["weight"] == float(box.network.parameters["W1"][place])


@pytest.mark.parametrize("name", ["sgd", "momentum", "adam"])
def test_a_step_is_taken_on_a_copy(name, shown):
    box, x = shown
    before = box.network.parameters.vector.copy()
    found = box.step(Asked(x, chosen=[2]), name, 0.05)
    np.testing.assert_array_equal(box.network.parameters.vector, before)
    loss, targets = goal("multi_class", 3, [2])
    copy = copy_network(box.network)
    z, cache = copy.forward(x[np.newaxis].astype(np.float32), Context())
    value, kept = loss.forward(z, targets)
    _, gradients = copy.backward(loss.backward(kept), cache)
    create_optimizer(name, learning_rate=0.05).step(copy.parameters, gradients)
    after, _ = loss.forward(copy.forward(x[np.newaxis].astype(np.float32))[0], targets)
    np.testing.assert_allclose(found["loss"], [value, after], rtol=1e-4)
    assert found["loss"][1] < found["loss"][0]
    assert found["after"]["probabilities"][2] > found["before"]["probabilities"][2]
    place = (0, 1, 2, 3)
    weight = box.weight(Asked(x, chosen=[2]), "conv2d1", "W", place, name, 0.05)
    assert weight["step"][-1][1] == pytest.approx(float(copy.parameters["W1"][place]), rel=1e-4)


def test_a_step_is_written_out_with_its_numbers():
    said = dict(step_of_weight("adam", 0.1, 1.0, -0.5))
    assert said["m = (1 - β1)·g"] == pytest.approx(-0.05)
    assert said["v = (1 - β2)·g²"] == pytest.approx(0.00025)
    assert said["w - step"] == pytest.approx(1.1)  # the first step is as long as the rate
    assert dict(step_of_weight("momentum", 0.1, 1.0, -0.5))["w - step"] == pytest.approx(1.005)


def test_changes_of_the_photo(shown):
    box, x = shown
    whole = box.forward(Asked(x), 1)["input"]
    occluded = box.forward(Asked(x, Changes(occlude=(0.25, 0.5, 0.75, 1.0))), 1)["input"]
    different = (occluded != whole).any(axis=2)
    assert different[8:, 4:12].mean() > 0.9
    different[8:, 4:12] = False
    assert not different.any()
    shifted = box.forward(Asked(x, Changes(shift=(0, 2))), 1)["input"]
    np.testing.assert_array_equal(shifted[:, 2:], whole[:, :-2])
    turned = box.forward(Asked(x, Changes(rotate=90)), 1)["input"]
    np.testing.assert_allclose(turned, np.rot90(whole), atol=1)
    noisy = [box.probabilities(Asked(x, Changes(noise=s)))["logits"] for s in (0.0, 0.5, 0.5)]
    assert (noisy[0] != noisy[1]).any()
    np.testing.assert_array_equal(noisy[1], noisy[2])


def test_changes_of_the_network_last_for_one_question(shown):
    box, x = shown
    plain = box.probabilities(Asked(x))["logits"]
    weights = [("conv2d1", "W", (1, 1, 0, 2), 5.0), ("dense1", "b", (1,), -3.0)]
    changed = Asked(x, Changes(weights=weights))
    found = box.probabilities(changed)["logits"]
    assert (found != plain).all()
    np.testing.assert_allclose(box.forward(changed, 1)["logits"], found, rtol=1e-5)
    opened = box.value(changed, "dense1", (1,))
    assert opened["addends"] == [["b", -3.0]]
    np.testing.assert_array_equal(box.probabilities(Asked(x))["logits"], plain)
    dropped = Asked(x, Changes(dropped={"relu1": [0, 1, 2, 3, 4, 5]}))
    bias = box.network.parameters["b2"]
    np.testing.assert_allclose(box.probabilities(dropped)["logits"], bias, atol=1e-6)


def test_a_change_that_cannot_be_made_leaves_the_network_as_it_was(shown):
    box, x = shown
    before = box.network.parameters.vector.copy()
    for bad in (("conv2d1", "W", (9, 1, 0, 2), 5.0), ("conv2d1", "x", (0,), 1.0)):
        weights = [("dense1", "b", (1,), -3.0), bad]
        with pytest.raises((IndexError, KeyError)):
            box.probabilities(Asked(x, Changes(weights=weights)))
        np.testing.assert_array_equal(box.network.parameters.vector, before)


def test_a_second_question_is_answered_from_what_is_kept(shown, monkeypatch):
    box, x = shown
    counted = []
    whole = box_file.forward_passes
    monkeypatch.setattr(
        box_file, "forward_passes", lambda *given: counted.append(1) or whole(*given)
    )
    for _ in range(3):
        box.forward(Asked(x), 2)
        box.value(Asked(x), "conv2d1", (1, 2, 3))
        box.gradient(Asked(x), "conv2d1", (1, 2, 3))
    assert len(counted) == 1


def test_memory_of_what_is_kept_is_bounded(shown, monkeypatch):
    box, x = shown
    one = 3 * sum(v.nbytes for v in box._passes(Asked(x)).passes.values.values())
    monkeypatch.setattr(box_file, "KEPT_BYTES", 3 * one + 10)
    for seed in range(10):
        box.forward(Asked(x + seed), 2)
    assert len(box._kept) == 3
    monkeypatch.undo()
    for seed in range(20):
        box.forward(Asked(x + seed), 2)
    assert len(box._kept) == box_file.KEPT


def test_values_go_through_json_and_come_back(shown):
    box, x = shown
    packed = as_json(box.channel(Asked(x), "conv2d1", 2, "values"))["numbers"]
    numbers = np.frombuffer(base64.b64decode(packed["data"]), packed["type"])
    y, _ = box.network["conv2d1"].forward(x[np.newaxis].astype(np.float32))
    np.testing.assert_allclose(numbers.reshape(packed["shape"]), y[0, ..., 2], rtol=1e-6)


def test_models_of_vectors_are_refused():
    from src.classic_nn import Dense, Sequential
    from src.classic_nn.serialization import SavedModel

    network = Sequential([Dense(2)])
    network.build((4,), np.random.default_rng(0))
    model = SavedModel(network, "multi_class", ["a", "b"], {"input": "vectors"})
    with pytest.raises(UnreadableDataError, match="shows models of photos"):
        GlassBox(Classifier(model))
