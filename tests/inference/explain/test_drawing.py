"""What pictures of explanations show: signs, colours, names, shares."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from src.classic_nn import Dense, Flatten, Sequential
from src.classic_nn.serialization import SavedModel
from src.inference.classifier import Classifier
from src.inference.evaluation import Evaluation
from src.inference.explain.drawing import (
    Pictures,
    draw_bars,
    draw_heat,
    draw_sheet,
    draw_summary,
    strongest_regions,
    summary_shares,
)
from src.inference.explain.explainer import Explanation
from src.inference.explain.mistakes import wrong_answer
from src.load import ImageArrays
from src.load.transforms import (
    Compose,
    Normalize,
    Resize,
    ReverseChannels,
    ToFloat,
    transform_config,
)


def explanation(values, target="a", method="gradient"):
    x = np.zeros(values.shape)
    return Explanation("image", method, target, 0.7, 1.0, 0.0, np.asarray(values, float), x)


def pixels(figure):
    figure.canvas.draw()
    return np.asarray(figure.canvas.buffer_rgba())[..., :3].astype(int)


def test_what_speaks_for_the_class_is_red_and_against_it_blue():
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    reds = []
    for sign in (1, -1):
        figure = Figure(figsize=(3, 3))
        FigureCanvasAgg(figure)
        heat = np.full((20, 20), 0.1 * sign)
        heat[5:15, 5:15] = 2.0 * sign
        draw_heat(figure.add_subplot(), heat, np.full((20, 20, 3), 0.5), "title", "unit")
        middle = pixels(figure)[130:170, 110:150].mean(axis=(0, 1))
        reds.append(middle[0] - middle[2])
    assert reds[0] > 50
    assert reds[1] < -50


def test_the_strongest_regions_are_those_that_speak_most_for_it():
    heat = np.zeros((40, 40))
    heat[10:20, 10:20] = 3
    heat[25:35, 25:35] = -9
    found = strongest_regions(heat, 0.05)
    assert found[12:18, 12:18].all()
    assert not found[25:35, 25:35].any()


def test_bars_show_the_features_that_say_most():
    values = np.zeros(50)
    values[[3, 17]] = [5, -7]
    values += 0.01
    axes = Figure().add_subplot()
    draw_bars(axes, explanation(values, "$x_{$"))
    names = [label.get_text() for label in axes.get_yticklabels()]
    assert len(names) == 20
    assert [name.split(" =")[0] for name in names[-2:]] == ["feature 3", "feature 17"]
    assert axes.patches[-1].get_width() == pytest.approx(-6.99)
    assert axes.get_xlabel() == "logits per unit of x, for $x_{$"


def test_a_summary_is_the_mean_over_all_inputs():
    some = {
        "a": [explanation(np.array([1.0, 0.0])) for _ in range(9)],
        "b": [explanation(np.array([0.0, -10.0]), "b")],
    }
    shares = summary_shares(some)
    assert shares["a"].tolist() == [0.9, 0]
    assert shares["b"].tolist() == [0, 1]
    figure = draw_summary([e for part in some.values() for e in part])
    assert max(p.get_x() + p.get_width() for p in figure.axes[0].patches) == pytest.approx(1)


def test_a_summary_says_how_many_classes_it_leaves_out():
    many = [explanation(np.ones((4, 4)), f"k{k}") for k in range(9)]
    many += [explanation(np.ones((4, 4)), "k8")] * 3
    figure = draw_summary(many)
    assert "the 6 most frequent of 9 classes" in figure.get_suptitle()
    assert figure.axes[0].get_title() == "k8 (4)"


def test_names_are_no_formulas(tmp_path):
    sheet = draw_sheet(
        [explanation(np.random.default_rng(0).normal(size=(8, 8)), "$x_{$")],
        np.full((8, 8, 3), 0.5),
        "a $b_{ c.jpg",
    )
    sheet.savefig(tmp_path / "sheet.png")


@pytest.mark.parametrize("reverse", [False, True])
def test_pictures_undo_what_preparing_has_done(reverse, rng):
    steps = [Resize((6, 6)), ToFloat()] + [ReverseChannels()] * reverse
    steps.append(Normalize((0.4, 0.5, 0.6), (0.2, 0.25, 0.3)))
    network = Sequential([Flatten(), Dense(2)])
    network.build((6, 6, 3), rng)
    preprocessing = {"transform": transform_config(Compose(steps))}
    classifier = Classifier(SavedModel(network, "multi_class", ["a", "b"], preprocessing))
    photo = rng.integers(0, 256, (6, 6, 3)).astype(np.uint8)
    (x,) = classifier.computed(ImageArrays(photo[np.newaxis]), np.array([0]), lambda x: x)
    assert np.allclose(Pictures(classifier).levels(x), photo / 255, atol=1e-5)


def test_the_wrong_answer_of_several_labels():
    evaluation = Evaluation(
        "multi_label",
        ["a", "b", "c"],
        np.array([[1, 0, 0], [0, 0, 1]]),
        np.array([[0.01, 0.9, 0.0], [0.7, 0.2, 0.9]]),
        0.5,
        ImageArrays(np.zeros((2, 4, 4, 3), np.uint8)),
        np.arange(2),
    )
    assert wrong_answer(evaluation, 0) == ("a", False)  # missed, with more certainty than b given
    assert wrong_answer(evaluation, 1) == ("a", True)
