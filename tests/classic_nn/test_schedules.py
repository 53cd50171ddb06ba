import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from src.classic_nn.schedules import SCHEDULES, ReduceLROnPlateau, create_schedule


@pytest.mark.parametrize(
    ("name", "settings", "rates"),
    [
        ("constant", {}, [1, 1, 1, 1]),
        ("standard", {"rate": 0.5}, [1, 1 / 1.5, 1 / 2, 1 / 2.5]),
        ("exponential", {"base": 0.5}, [1, 0.5, 0.25, 0.125]),
        ("step", {"factor": 0.1, "every": 2}, [1, 1, 0.1, 0.1]),
        ("discrete", {"boundaries": (1, 3), "factors": (0.5, 0.2)}, [1, 0.5, 0.5, 0.2]),
        ("cosine", {"epochs": 2}, [1, 0.5, 0, 0]),
        ("cosine", {"epochs": 3, "warmup": 1}, [0.01, 1, 0.5, 0]),
    ],
)
def test_rates_of_the_first_epochs(name, settings, rates):
    schedule = create_schedule(name, learning_rate=1.0, **settings)
    assert [schedule(epoch) for epoch in range(4)] == pytest.approx(rates, abs=1e-12)


@given(epoch=st.floats(0, 100), name=st.sampled_from(sorted(SCHEDULES)))
def test_rates_lie_between_zero_and_the_first(epoch, name):
    assert 0 <= create_schedule(name, learning_rate=0.3)(epoch) <= 0.3


@pytest.mark.parametrize("name", ["standard", "exponential", "step", "discrete"])
def test_decays_are_constant_within_an_epoch(name):
    schedule = create_schedule(name, learning_rate=1.0)
    assert schedule(20.9) == schedule(20.0)


def test_warmup_rises_with_every_step_and_meets_the_wave():
    schedule = create_schedule("cosine", learning_rate=1.0, epochs=10, warmup=2)
    assert schedule(0.5) == pytest.approx(0.25)
    assert schedule(2 - 1e-9) == pytest.approx(schedule(2), abs=1e-6)


def observe(schedule, costs):
    rates = []
    for cost in costs:
        schedule.observe(cost)
        rates.append(schedule(0))
    return rates


def test_plateau_reduces_after_patience_and_respects_the_minimum():
    schedule = ReduceLROnPlateau(1.0, factor=0.5, patience=1, min_lr=0.3)
    assert observe(schedule, [5, 5, 5, 5, 5, 5]) == [1, 1, 0.5, 0.5, 0.3, 0.3]


def test_plateau_with_patience_zero_reduces_at_once():
    schedule = ReduceLROnPlateau(1.0, factor=0.9, patience=0)
    assert observe(schedule, [1.0, 0.9, 0.95, 0.8]) == pytest.approx([1, 1, 0.9, 0.9])


def test_an_improvement_below_the_threshold_does_not_count():
    schedule = ReduceLROnPlateau(1.0, factor=0.5, patience=0, threshold=0.1)
    assert observe(schedule, [1.0, 0.95, 0.85]) == [1, 0.5, 0.5]


def test_plateau_continues_from_its_state():
    costs = [3, 3, 2, 2, 2, 2]
    whole, first = ReduceLROnPlateau(1.0, patience=1), ReduceLROnPlateau(1.0, patience=1)
    expected = observe(whole, costs)[3:]
    observe(first, costs[:3])
    second = ReduceLROnPlateau(1.0, patience=1)
    second.load_state(first.state())
    assert observe(second, costs[3:]) == expected


def test_state_before_the_first_cost_survives_json():
    assert ReduceLROnPlateau(1.0).state()["best"] is None
    schedule = ReduceLROnPlateau(1.0)
    schedule.load_state(ReduceLROnPlateau(1.0).state())
    assert schedule.best == math.inf


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        ("cosin", {}, "unknown schedule 'cosin': did you mean 'cosine'"),
        ("step", {"factr": 1}, "unknown setting of schedule step: 'factr': did you mean 'factor'"),
        ("discrete", {"boundaries": (3, 1), "factors": (1, 1)}, "boundaries in order"),
        ("discrete", {"boundaries": (1,), "factors": (1, 1)}, "one factor for each boundary"),
    ],
)
def test_mistakes_are_explained(name, settings, message):
    with pytest.raises(ValueError, match=message):
        create_schedule(name, learning_rate=1.0, **settings)


def test_learning_rate_must_be_positive():
    with pytest.raises(ValueError, match="learning_rate must be above 0, got 0"):
        create_schedule("constant", learning_rate=0)


@pytest.mark.parametrize(
    ("name", "setting", "value"),
    [
        ("standard", "rate", -1),
        ("exponential", "base", -1),
        ("exponential", "base", 1.5),
        ("step", "every", 0),
        ("step", "every", 0.5),
        ("cosine", "epochs", 0),
        ("cosine", "warmup", -1),
        ("plateau", "factor", 0),
        ("plateau", "patience", -1),
    ],
)
def test_settings_out_of_range_are_refused(name, setting, value):
    with pytest.raises(ValueError, match=f"{setting} must be .*, got {value}"):
        create_schedule(name, learning_rate=1.0, **{setting: value})


def test_the_threshold_is_relative_to_the_best_cost():
    schedule = ReduceLROnPlateau(1.0, factor=0.5, patience=0, threshold=0.1)
    assert observe(schedule, [100.0, 95.0, 85.0]) == [1, 0.5, 0.5]
