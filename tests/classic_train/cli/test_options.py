from dataclasses import replace

import pytest

from src.classic_nn.optimizers import AdamW
from src.classic_nn.schedules import Cosine, StepDecay
from src.classic_train.cli.options import TrainingOptions
from src.classic_train.cli.parsers import OptionError, parse_specification
from src.classic_train.cli.resolve import resolve_options
from src.classic_train.recipes.registry import RECIPES


def test_options_survive_json():
    import json

    options = replace(TrainingOptions(), hidden=(3, 4), optimizer="adam:beta2=0.9")
    again = TrainingOptions.from_dict(json.loads(json.dumps(options.as_dict())))
    assert again == options


def test_specifications_make_the_objects_they_describe():
    options = replace(
        TrainingOptions(),
        optimizer="adamw:weight_decay=0.2,beta1=0.8",
        schedule="step:factor=0.5,every=3",
        learning_rate=0.01,
    )
    assert options.create_optimizer() == AdamW(0.01, beta1=0.8, weight_decay=0.2)
    assert options.create_schedule() == StepDecay(0.01, factor=0.5, every=3)


def test_a_cosine_ends_with_the_last_epoch_unless_told_otherwise():
    options = replace(TrainingOptions(), schedule="cosine:warmup=2", epochs=7)
    assert options.create_schedule() == Cosine(options.learning_rate, epochs=7, warmup=2)
    options = replace(options, schedule="cosine:epochs=5")
    assert options.create_schedule() == Cosine(options.learning_rate, epochs=5)


@pytest.mark.parametrize("text", ["step:factor", "step:factor=a", "step:=1,x"])
def test_a_malformed_specification_shows_the_form(text):
    with pytest.raises(OptionError, match="expected step:setting=number"):
        parse_specification(text)


def test_another_optimizer_brings_its_own_learning_rate():
    defaults = RECIPES["multi_label"].options
    assert resolve_options(defaults, {"optimizer": "adam"}).learning_rate == 0.001
    assert resolve_options(defaults, {"optimizer": "momentum"}) == defaults
    given = {"optimizer": "adam", "learning_rate": 0.5}
    assert resolve_options(defaults, given).learning_rate == 0.5


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_describes_itself_and_leads_to_another(name):
    recipe = RECIPES[name]
    assert recipe.name == name
    assert recipe.next_recipe in RECIPES
    assert recipe.options.data in recipe.data
    recipe.options.create_optimizer()
    recipe.options.create_schedule()
