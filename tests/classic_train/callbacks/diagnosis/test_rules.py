"""Each rule at its limits, on figures made by hand."""

import json
from dataclasses import asdict

import numpy as np
import pytest

from src.classic_train.callbacks.diagnosis.finding import ADVICE, Finding
from src.classic_train.callbacks.diagnosis.measurements import EpochMeasurements
from src.classic_train.callbacks.diagnosis.rules import (
    diagnose,
    divergence,
    one_of_each,
)


def epochs(count=12, **changes):
    """A healthy run; ``changes`` are functions of the epoch by field."""
    made = []
    for epoch in range(1, count + 1):
        figures = EpochMeasurements(
            epoch,
            cost=1 / epoch,
            validation_cost=1.1 / epoch,
            learning_rate=0.1,
            gradients={"W1": 0.5, "W2": 0.1},
            weights={"W1": 10.0, "W2": 5.0},
            updates={"W1": 1e-3, "W2": 2e-3},
            dead={"relu1": 0.1},
            saturated={"sigmoid1": 0.2},
        )
        for name, change in changes.items():
            setattr(figures, name, change(epoch))
        made.append(figures)
    return made


def problems(found):
    return [(finding.problem, finding.layer) for finding in found]


def test_a_healthy_run_is_left_in_peace():
    for count in range(1, 30):
        assert diagnose(epochs(count)) == []


SICK = {
    "vanishing gradient": ("W1", {"gradients": lambda e: {"W1": 0.9e-4, "W2": 0.1}}),
    "exploding gradient": ("W1", {"gradients": lambda e: {"W1": 200.0, "W2": 0.1}}),
    "dead ReLU": ("relu1", {"dead": lambda e: {"relu1": 0.5}}),
    "saturated activation": ("sigmoid1", {"saturated": lambda e: {"sigmoid1": 0.5}}),
    "large updates": ("W2", {"updates": lambda e: {"W1": 1e-3, "W2": 0.031}}),
    "small updates": ("W1", {"updates": lambda e: {"W1": 0.9e-6, "W2": 1e-3}}),
    "loss plateau": ("", {"cost": lambda e: 0.7, "validation_cost": lambda e: 0.7}),
    "overfitting": ("", {"validation_cost": lambda e: 0.5 if e == 5 else 0.6}),
}


@pytest.mark.parametrize("problem", SICK)
def test_every_problem_is_found_alone_with_its_place_and_advice(problem):
    layer, changes = SICK[problem]
    found = diagnose(epochs(12, **changes))
    assert problems(found) == [(problem, layer)]
    line = str(found[0])
    assert "\n" not in line
    assert line.endswith(f"What usually helps: {ADVICE[problem]}")
    assert not layer or f" in {layer}: " in line


SPARED = {
    "a gradient just above a thousandth": {"gradients": lambda e: {"W1": 1.1e-4, "W2": 0.1}},
    "a gradient that was gone for an epoch": {
        "gradients": lambda e: {"W1": 0.0 if e == 12 else 0.1, "W2": 0.1}
    },
    "half of the units but one": {"dead": lambda e: {"relu1": 0.49}},
    "slow because the schedule is at its end": {
        "updates": lambda e: {"W1": 1e-7, "W2": 1e-7},
        "learning_rate": lambda e: 0.1 if e == 1 else 1e-3,
    },
    "a cost that stays where it has arrived": {"cost": lambda e: 1.0 if e == 1 else 0.3},
    "a cost that waits for the end of the schedule": {
        "cost": lambda e: 0.7,
        "validation_cost": lambda e: 0.7,
        "learning_rate": lambda e: 0.1 if e == 1 else 1e-3,
    },
    "a rise near zero": {"validation_cost": lambda e: 1.0 if e == 1 else 0.01 + 0.001 * e},
}


@pytest.mark.parametrize("case", SPARED)
def test_what_looks_like_a_problem_is_spared(case):
    assert diagnose(epochs(12, **SPARED[case])) == []


def test_where_training_fails_too_it_is_no_overfitting():
    rising = {"cost": lambda e: 0.1 * e, "validation_cost": lambda e: 0.1 * e}
    assert problems(diagnose(epochs(12, **rising))) == [("loss plateau", "")]


def test_overfitting_names_the_epoch_where_it_began():
    (finding,) = diagnose(epochs(12, validation_cost=lambda e: 0.5 if e == 5 else 0.6))
    assert finding.epoch == 5
    assert "rose from 0.5 to 0.6" in finding.evidence
    assert "fell from 0.2 to 0.08333" in finding.evidence


def test_a_gradient_that_grows_a_hundredfold_has_exploded():
    grown = epochs(6, gradients=lambda e: {"W1": 3.0 if e == 6 else 0.02, "W2": 0.01})
    assert problems(diagnose(grown)) == [("exploding gradient", "W1")]
    converged = epochs(6, gradients=lambda e: {"W1": {1: 4.0, 6: 3.0}.get(e, 0.02), "W2": 0.01})
    assert diagnose(converged) == []  # still shorter than at the beginning


@pytest.mark.parametrize("epoch", range(2, 9))
def test_a_plateau_needs_its_epochs(epoch):
    flat = {"cost": lambda e: 0.7, "validation_cost": lambda e: 0.7}
    assert diagnose(epochs(epoch, **flat)) == []


def test_findings_and_figures_pass_through_json():
    figures = epochs(3)[2]
    assert EpochMeasurements(**json.loads(json.dumps(asdict(figures)))) == figures
    finding = Finding("dead ReLU", 2, "relu1", "x", ("relu2", "relu3"))
    metadata = json.loads(json.dumps(asdict(finding)))
    assert metadata["others"] == ["relu2", "relu3"]
    assert Finding(**metadata | {"others": tuple(metadata["others"])}) == finding
    assert Finding("overfitting", 2, "", "x").advice == ADVICE["overfitting"]


def test_no_gradient_at_all_has_vanished():
    (finding,) = diagnose(epochs(2, gradients=lambda e: {"W1": 0.0, "W2": 0.0}))
    assert (finding.problem, finding.epoch, finding.layer) == ("vanishing gradient", 2, "W1")
    assert finding.evidence == "no gradient at all: that of every weight is 0"
    once = {"gradients": lambda e: {"W1": 0.0 if e == 12 else 0.5, "W2": 0.0 if e == 12 else 0.1}}
    assert diagnose(epochs(12, **once)) == []
    learned = {"gradients": lambda e: {"W1": 0.0, "W2": 0.0}, "cost": lambda e: 0.0}
    assert diagnose(epochs(12, **learned)) == []


IN_ODD_EPOCHS = {
    "vanishing gradient": {"gradients": lambda e: {"W1": 0.9e-4, "W2": 0.1} if e % 2 else {}},
    "dead ReLU": {"dead": lambda e: {"relu1": 0.5} if e % 2 else {}},
    "saturated activation": {"saturated": lambda e: {"sigmoid1": 0.5} if e % 2 else {}},
    "large updates": {"updates": lambda e: {"W2": 0.031} if e % 2 else {}},
    "small updates": {"updates": lambda e: {"W1": 0.9e-6} if e % 2 else {}},
}


@pytest.mark.parametrize("problem", IN_ODD_EPOCHS)
def test_of_a_layer_that_some_epochs_did_not_see_the_last_two_that_did_count(problem):
    layer, _ = SICK[problem]
    changes = IN_ODD_EPOCHS[problem]
    assert diagnose(epochs(1, **changes)) == []
    assert diagnose(epochs(2, **changes)) == []
    assert problems(diagnose(epochs(3, **changes))) == [(problem, layer)]
    assert diagnose(epochs(4, **changes)) == []


def test_a_layer_that_was_seen_once_has_no_finding():
    late = epochs(
        3,
        dead=lambda e: {"relu1": 1.0} if e == 3 else {},
        saturated=lambda e: {"sigmoid1": 1.0} if e == 3 else {},
        updates=lambda e: {"W1": 1.0, "W2": 1e-9} if e == 3 else {},
        gradients=lambda e: {"W1": 0.0, "W2": 0.1} if e == 3 else {},
    )
    assert diagnose(late) == []


def test_what_has_no_gradient_is_not_said_to_change_too_little():
    sick = epochs(
        12,
        gradients=lambda e: {"W1": 0.9e-4, "W2": 0.1},
        updates=lambda e: {"W1": 1e-8, "W2": 1e-3},
    )
    assert problems(diagnose(sick)) == [("vanishing gradient", "W1")]


def test_of_each_problem_the_worst_layer_comes_first():
    sick = epochs(
        3,
        dead=lambda e: {"relu1": 0.6, "relu2": 0.9, "relu3": 0.4, "relu4": 0.7},
        saturated=lambda e: {"tanh1": 0.5, "tanh2": 1.0},
        updates=lambda e: {"W1": 0.05, "W2": 1e-7, "W3": 0.5, "W4": 1e-9, "W5": 1e-3},
    )
    assert problems(diagnose(sick)) == [
        ("dead ReLU", "relu2"),
        ("dead ReLU", "relu4"),
        ("dead ReLU", "relu1"),
        ("saturated activation", "tanh2"),
        ("saturated activation", "tanh1"),
        ("large updates", "W3"),
        ("large updates", "W1"),
        ("small updates", "W4"),
        ("small updates", "W2"),
    ]
    together = one_of_each(diagnose(sick))
    assert [(f.problem, f.layer, f.others) for f in together] == [
        ("dead ReLU", "relu2", ("relu4", "relu1")),
        ("saturated activation", "tanh2", ("tanh1",)),
        ("large updates", "W3", ("W1",)),
        ("small updates", "W4", ("W2",)),
    ]


@pytest.mark.parametrize(
    ("others", "told"),
    [
        (0, "relu0: x. What"),
        (1, "relu0: x; also in relu1. What"),
        (3, "relu0: x; also in relu1, relu2, relu3. What"),
        (5, "relu0: x; also in relu1, relu2, relu3 and 2 more. What"),
    ],
)
def test_a_finding_names_three_other_layers_and_counts_the_rest(others, told):
    layers = [f"relu{k}" for k in range(others + 1)]
    (finding,) = one_of_each([Finding("dead ReLU", 2, layer, "x") for layer in layers])
    assert finding.others == tuple(layers[1:])
    assert told in str(finding)


def test_divergence_tells_the_largest_gradient_that_was_still_finite():
    figures = EpochMeasurements(3, gradients={"W1": 4.0, "W2": np.inf, "W3": np.nan})
    finding = divergence(figures, "W2")
    assert str(finding).startswith(
        "epoch 3: exploding gradient in W2: the numbers left the finite ones, up to 4 before; "
        "training ended. What usually helps: a lower learning rate"
    )
    assert divergence(EpochMeasurements(1), "").evidence == (
        "the numbers left the finite ones; training ended"
    )


def test_epochs_without_gradients_are_no_small_ones():
    seen_late = epochs(6, gradients=lambda e: {"W1": 0.1, "W2": 0.1} if e > 4 else {})
    assert diagnose(seen_late) == []
