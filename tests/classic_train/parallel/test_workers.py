import threading
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from threadpoolctl import threadpool_info, threadpool_limits

from src.classic_train.parallel.workers import WorkerTeam
from tests.teams import on_team


@given(size=st.integers(1, 5), length=st.integers(0, 23), seed=st.integers(0, 1000))
def test_all_reduce_gives_every_worker_the_same_sum(size, length, seed):
    parts = np.random.default_rng(seed).normal(size=(size, 2, length))
    results = on_team(size, lambda worker: worker.all_reduce(parts[worker.rank].copy()))
    for result in results:
        assert np.allclose(result, parts.sum(axis=0))
        assert np.array_equal(result, results[0])


def test_many_reductions_in_a_row_do_not_mix(rng):
    def task(worker):
        return [worker.all_reduce(np.array([float(worker.rank + k)]))[0] for k in range(200)]

    assert on_team(3, task) == [[3 * k + 3 for k in range(200)]] * 3


def test_the_sum_is_in_place_and_works_on_any_shape():
    def task(worker):
        array = np.full((2, 3), 1.0 + worker.rank, np.float32)
        returned = worker.all_reduce(array)
        return returned is array, array

    for same, array in on_team(2, task):
        assert same
        assert np.array_equal(array, np.full((2, 3), 3.0))


def test_an_array_that_is_not_contiguous_is_refused():
    with pytest.raises(ValueError, match="contiguous"):
        on_team(2, lambda worker: worker.all_reduce(np.ones((4, 4))[:, ::2]))


@pytest.mark.parametrize("failing", [0, 1, 2])
def test_one_failure_stops_all_workers_with_its_own_error(failing):
    def task(worker):
        if worker.rank == failing:
            raise KeyError("the cause")
        worker.all_reduce(np.ones(1))

    start = time.monotonic()
    with pytest.raises(KeyError, match="the cause"):
        on_team(3, task)
    assert time.monotonic() - start < 10
    assert not [t for t in threading.enumerate() if t.name.startswith("worker")]


def test_the_matrix_library_has_one_thread_inside_and_its_own_number_outside():
    def blas_threads():
        libraries = [pool for pool in threadpool_info() if pool["user_api"] == "blas"]
        return [pool["num_threads"] for pool in libraries if "numpy" in pool["filepath"]]

    with threadpool_limits(2, user_api="blas"):
        with WorkerTeam(2):
            assert set(blas_threads()) == {1}
        assert set(blas_threads()) == {2}


def test_there_must_be_a_worker():
    with pytest.raises(ValueError, match="workers must be 1 or more, got 0"):
        WorkerTeam(0)
