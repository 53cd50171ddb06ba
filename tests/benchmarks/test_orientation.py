"""JAX measures the same networks as PyTorch: parameter by parameter as many numbers."""

import pytest

from benchmarks.workloads import WORKLOADS, Backbone, Convolution

torch = pytest.importorskip("torch", reason="needs the extra 'torch'")
jax = pytest.importorskip("jax", reason="pip install jax==0.10.2")

from benchmarks import jax_side, torch_side  # noqa: E402

TRAINED = [name for name, work in WORKLOADS.items() if not isinstance(work.task, Convolution)]


@pytest.mark.parametrize("name", TRAINED)
def test_networks_have_the_same_parameters(name):
    task = WORKLOADS[name].task
    make = jax_side._Maker()
    jax_side._network(task, make)
    theirs = (torch_side._backbone if isinstance(task, Backbone) else torch_side._network)(task)
    expected = sorted(p.numel() for p in theirs.parameters())
    assert sorted(a.size for a in make.parameters.values()) == expected
