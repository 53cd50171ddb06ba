"""From images and classes to questions: which score, which baseline, which background."""

from inspect import signature

import numpy as np
import pytest
from PIL import Image

from src.classic_nn import Dense, Flatten, Sequential
from src.classic_nn.serialization import SavedModel
from src.inference.classifier import Classifier
from src.inference.explain import METHODS, Explainer, Settings, explain
from src.inference.explain.quadrature import RULES as QUADRATURES
from src.inference.explain_settings import DEFAULT_METHOD, METHOD_NAMES, RULES, TITLES
from src.load.errors import UnreadableDataError
from src.load.transforms import (
    Compose,
    Grayscale,
    Normalize,
    Resize,
    ToFloat,
    transform_config,
)
from tests.inference.models import saved
from tests.load.photos import photo

FAST = {"coalitions": 200, "pairs": 10, "noise_samples": 4, "grid": 3}


@pytest.fixture
def multi():
    return Classifier(saved())


def input_of(classifier, image):
    return classifier.prepare(image).astype(np.float32)


def logits_of(classifier, image):
    return classifier.model.network.forward(input_of(classifier, image)[np.newaxis])[0][0]


def test_the_answer_is_explained_unless_a_class_is_named(multi, rng):
    image = photo(rng)
    logits = logits_of(multi, image)
    (found,) = multi.explain(image)
    best = int(logits.argmax())
    assert (found.target, found.method) == (multi.classes[best], "integrated_gradients")
    assert found.score == pytest.approx(logits[best], rel=1e-5)
    assert found.probability == pytest.approx(multi.predict(image)[0].probabilities[found.target])
    assert found.values.sum() == pytest.approx(found.score - found.baseline_score, rel=0.011)
    (owl,) = multi.explain(image, class_name="owl")
    assert owl.target == "owl"
    assert owl.score == pytest.approx(logits[2], rel=1e-5)
    (both,) = multi.explain(image, class_name="owl", against="cat")
    assert both.target == "owl against cat"
    assert both.score == pytest.approx(logits[2] - logits[0], rel=1e-4)
    cat = multi.explain(image, class_name="cat", method="gradient")[0].values
    owl = multi.explain(image, class_name="owl", method="gradient")[0].values
    both = multi.explain(image, class_name="owl", against="cat", method="gradient")[0].values
    assert np.allclose(both, owl - cat, atol=1e-6)


def test_no_of_a_binary_model_is_the_opposite_of_yes(rng):
    classifier = Classifier(saved("binary", ("no", "yes")))
    image = photo(rng)
    yes, no = (classifier.explain(image, "gradient", class_name=name)[0] for name in ("yes", "no"))
    assert np.array_equal(yes.values, -no.values)
    assert yes.score == -no.score
    assert yes.probability == pytest.approx(1 - no.probability)
    answered = classifier.explain(image)[0].target
    assert answered == classifier.predict(image)[0].labels[0]
    classifier.threshold = 0.0  # everything is "yes"
    assert classifier.explain(image)[0].target == "yes"
    against = classifier.explain(image, "gradient", class_name="yes", against="no")[0]
    assert np.array_equal(against.values, yes.values)


def test_labels_are_explained_one_by_one(rng):
    classifier = Classifier(saved("multi_label"))
    image = photo(rng)
    logits = logits_of(classifier, image)
    found = classifier.explain(image, "gradient", class_name="dog")[0]
    assert found.score == pytest.approx(logits[1], rel=1e-5)
    assert found.probability == pytest.approx(1 / (1 + np.exp(-logits[1])), rel=1e-5)


def test_the_default_baseline_is_the_mean_colour_and_black_is_black(multi, rng):
    image = photo(rng)
    x = input_of(multi, image)
    explainer = Explainer(multi)
    assert np.allclose(explainer.baseline_of(x), x.mean(axis=(0, 1)), atol=1e-6)
    black = Explainer(multi, baseline="black").baseline_of(x)
    assert np.allclose(black, input_of(multi, Image.new("RGB", (9, 9))))
    assert not np.allclose(black, 0)  # what is black is not 0 after normalization
    others = np.stack([input_of(multi, photo(rng)) for _ in range(3)])
    average = Explainer(multi, baseline="average", background=others).baseline_of(x)
    assert np.allclose(average, others.mean(axis=0), atol=1e-6)
    values = [
        multi.explain(image, baseline=name, background=[image, photo(rng)])[0].values
        for name in ("black", "mean", "blurred", "average")
    ]
    assert len({v.tobytes() for v in values}) == 4


@pytest.mark.parametrize("first", [[Grayscale()], []])
def test_black_is_black_of_one_channel_too(first, rng):
    network = Sequential([Flatten(), Dense(2)])
    network.build((6, 6, 1), rng)
    steps = Compose([*first, Resize((6, 6)), ToFloat(), Normalize((0.4,), (0.2,))])
    preprocessing = {"transform": transform_config(steps)}
    classifier = Classifier(SavedModel(network, "multi_class", ["a", "b"], preprocessing))
    x = input_of(classifier, Image.new("L", (6, 6), 200))
    assert np.allclose(Explainer(classifier, baseline="black").baseline_of(x), -2)


def test_every_method_explains_photos(multi, rng):
    image, others = photo(rng), [photo(rng) for _ in range(3)]
    for method in METHODS:
        (found,) = multi.explain(image, method, background=others, **FAST)
        assert found.error == ""
        assert found.heat.shape == (16, 16)
        assert np.abs(found.values).max() > 0
        assert np.isfinite(found.values).all()
    assert signature(Classifier.explain).parameters["method"].default == DEFAULT_METHOD
    assert signature(explain).parameters["method"].default == DEFAULT_METHOD
    assert tuple(METHODS) == METHOD_NAMES == tuple(TITLES)
    assert tuple(QUADRATURES) == RULES


def vectors():
    network = Sequential([Dense(4), Dense(2)])
    network.build((5,), np.random.default_rng(0))
    return Classifier(SavedModel(network, "multi_class", ["a", "b"]))


def test_feature_vectors_are_explained_too(rng):
    classifier, x = vectors(), rng.normal(size=(3, 5)).astype(np.float32)
    for method in METHODS:
        found = classifier.explain(x, method, background=x)
        if method == "grad_cam":
            assert {f.error for f in found} == {
                "grad_cam needs photos, and these inputs are no photos"
            }
            continue
        assert [f.values.shape for f in found] == [(5,)] * 3
        assert [f.error for f in found] == [""] * 3
    weights = np.linalg.multi_dot(
        [classifier.model.network[f"dense{k}"].parameters["W"] for k in (1, 2)]
    )
    found = classifier.explain(x[0], "shap", class_name="b")[0]
    assert np.allclose(found.values, x[0] * weights[:, 1], atol=1e-5)


def test_settings_change_something(multi, rng):
    image, others = photo(rng), [photo(rng) for _ in range(5)]
    for method, name, value in (
        ("integrated_gradients", "steps", 1),
        ("integrated_gradients", "rule", "trapezoid"),
        ("smooth_grad", "noise_samples", 3),
        ("smooth_grad", "seed", 1),
        ("expected_gradients", "pairs", 7),
        ("expected_gradients", "seed", 1),
        ("occlusion", "window", 5),
        ("occlusion", "stride", 2),
        ("shap", "grid", 2),
        ("shap", "superpixels", 6),
        ("shap", "coalitions", 700),
        ("shap", "seed", 1),
        ("grad_cam", "layer", "conv2d1"),
    ):
        usual = multi.explain(image, method, background=others)[0]
        other = multi.explain(image, method, background=others, **{name: value})[0]
        assert not np.array_equal(usual.values, other.values), (method, name)


def test_the_same_again(multi, rng):
    image, others = photo(rng), [photo(rng) for _ in range(3)]
    for method in METHODS:
        first, second = (
            Classifier(multi.model, threads).explain(image, method, background=others, **FAST)
            for threads in (1, 3)
        )
        assert np.array_equal(first[0].values, second[0].values)


def test_a_batch_goes_on_where_a_photo_cannot_be_read(multi, rng, tmp_path):
    (tmp_path / "broken.png").write_bytes(b"\x89PNG no")
    found = multi.explain([photo(rng), tmp_path / "broken.png", photo(rng)], "gradient")
    assert [bool(f.error) for f in found] == [False, True, False]
    assert "broken.png" in found[1].error


def test_a_frozen_model_is_explained_as_before(multi, rng):
    image = photo(rng)
    before = {m: multi.explain(image, m, **FAST)[0].values for m in ("gradient", "grad_cam")}
    multi.model.network["conv2d1"].freeze()
    multi.model.network["dense1"].freeze()
    for method, values in before.items():
        assert np.array_equal(multi.explain(image, method, **FAST)[0].values, values)


def test_mistakes_are_one_line(multi, rng):
    image = photo(rng)
    with pytest.raises(UnreadableDataError, match=r"unknown class 'owll': did you mean 'owl'\?"):
        multi.explain(image, class_name="owll")
    with pytest.raises(UnreadableDataError, match="--against: owl is the class that is explained"):
        multi.explain(image, class_name="owl", against="owl")
    with pytest.raises(UnreadableDataError, match="unknown baseline 'white'"):
        multi.explain(image, baseline="white")
    with pytest.raises(UnreadableDataError, match="background: expected one image or more"):
        multi.explain(image, "expected_gradients", background=[])
    with pytest.raises(ValueError, match="unknown method 'lime'"):
        multi.explain(image, "lime")
    for name in ("steps", "coalitions", "pairs", "noise_samples", "grid"):
        with pytest.raises(ValueError, match=f"{name}: expected 1 or more, got 0"):
            multi.explain(image, **{name: 0})
    with pytest.raises(ValueError, match="window: expected 0 or more, got -1"):
        Settings(window=-1)
    with pytest.raises(TypeError):
        explain(multi, image, stepps=3)
    errors = {
        "expected_gradients": {
            "error": "expected_gradients needs other photos (--background DATA)"
        },
        "grad_cam": {"layer": "conv9", "error": "unknown layer 'conv9'"},
        "occlusion": {"window": 17, "error": "window: expected 16 or less, got 17"},
        "shap": {"grid": 5, "coalitions": 9, "error": "coalitions: expected 250 or more"},
    }
    for method, settings in errors.items():
        expected = settings.pop("error")
        assert expected in multi.explain(image, method, **settings)[0].error


def test_an_input_that_is_its_own_baseline_is_refused(multi, rng):
    flat = Image.new("RGB", (20, 20), (90, 120, 30))
    for method in ("integrated_gradients", "gradient_times_input", "occlusion", "shap"):
        assert "is its own baseline (mean)" in multi.explain(flat, method)[0].error
    assert multi.explain(flat, "gradient")[0].error == ""
    assert multi.explain(flat, "integrated_gradients", baseline="black")[0].error == ""


def test_a_change_below_rounding_takes_no_steps(rng):
    classifier = Classifier(saved())
    classifier.model.network["dense1"].parameters["W"][...] = 0
    classifier.model.network["dense1"].parameters["b"][...] = 3
    found = classifier.explain(photo(rng))[0]
    assert found.figures["steps"] == 32
    assert not found.values.any()


def test_weights_that_are_no_numbers_are_a_line(rng):
    classifier = Classifier(saved())
    classifier.model.network["dense1"].parameters["W"][...] = np.nan
    for method in METHODS:
        found = classifier.explain(photo(rng), method, background=[photo(rng)])[0]
        assert found.error == "the model's answer is not a number: are its weights?"


def test_levels_that_nobody_has_prepared_are_refused(multi, rng):
    levels = 255 * rng.random((16, 16, 3))
    assert "give levels from 0 to 255 as 8-bit integers" in multi.explain(levels)[0].error


def test_the_opposite_of_a_class(multi, rng):
    x = input_of(multi, photo(rng))
    (dog,) = Explainer(multi, "dog").explain("a", x, ["gradient"])
    (not_dog,) = Explainer(multi, "dog", opposite=True).explain("a", x, ["gradient"])
    assert not_dog.target == "not dog"
    assert np.array_equal(not_dog.values, -dog.values)


def test_a_model_of_other_shapes_is_refused(rng):
    network = Sequential([Flatten(), Dense(2)])
    network.build((4, 3), np.random.default_rng(0))
    classifier = Classifier(SavedModel(network, "multi_class", ["a", "b"]))
    with pytest.raises(UnreadableDataError, match=r"inputs of shape \(4, 3\)"):
        classifier.explain(rng.normal(size=(4, 3)))
