from copy import deepcopy

import numpy as np
import pytest

from src.classic_cnn.architectures import small_cnn
from src.classic_nn import Dense, ReLU, Sequential
from src.classic_train.cli.options import TrainingOptions
from src.classic_train.parallel import choice as choice_module
from src.classic_train.parallel.choice import chosen_workers, usable_cores
from src.classic_train.parallel.processes import ALONE, Alone

SMALL = ([Dense(64), ReLU(), Dense(3)], (10,))
WIDE = ([Dense(2048), ReLU(), Dense(1024), ReLU(), Dense(63)], (12288,))


def choice(layers, shape, processes=ALONE, **options):
    network = Sequential(deepcopy(layers)) if isinstance(layers, list) else layers
    network.build(shape, np.random.default_rng(0))
    return chosen_workers(TrainingOptions(**options), network, shape, processes)


@pytest.fixture(autouse=True)
def four_cores(monkeypatch):
    monkeypatch.setattr(choice_module, "usable_cores", lambda: 4)


def test_what_is_given_is_taken():
    assert choice(*SMALL, workers=3, product_threads=2) == (3, 2, "")


def test_a_small_step_has_one_worker():
    workers, threads, why = choice(*SMALL, workers="auto")
    assert (workers, threads) == (1, 1)
    assert why.startswith("workers: 1, since a step is small (")


def test_many_weights_that_are_seldom_used_have_threads_in_the_products():
    workers, threads, why = choice(*WIDE, workers="auto", batch_size=64)
    assert (workers, threads) == (1, 4)
    assert "each of 4 workers would use a weight 16 times in a step" in why


def test_a_convolutional_network_shares_its_samples():
    network = small_cnn(2, ((32, 32), (64, 64)), (64,), 0.3)
    assert choice(network, (64, 64, 3), workers="auto", batch_size=32)[:2] == (4, 1)


def test_processes_of_one_machine_share_its_cores():
    class Four(Alone):
        size = 4

        def on_this_machine(self):
            return 4

    workers, threads, why = choice(*WIDE, Four(), workers="auto")
    assert (workers, threads) == (1, 1)
    assert why == "workers: 1, since there is one core for each process"


def test_there_is_a_core():
    assert usable_cores() >= 1
