import sys

import numpy as np
import pytest

from src.classic_train.parallel.processes import ALONE, MPIProcesses
from tests.classic_train.parallel.mpi import mpiexec, needs_mpi

PROGRAM = """
import numpy as np
from src.classic_train.parallel.processes import MPIProcesses
group = MPIProcesses()
rank, size = group.rank, group.size
sums = np.full(5, rank + 1.0)
assert group.all_reduce(sums) is sums and (sums == size * (size + 1) / 2).all()
rows = group.all_rows(np.full((rank, 2), rank))
assert rows.tolist() == [[k, k] for k in range(size) for _ in range(k)]
assert group.all_values(f"rank {rank}") == [f"rank {k}" for k in range(size)]
assert group.from_first({"rank": rank}) == {"rank": 0}
array = np.full((2, 3), rank, np.float32)
group.array_from_first(array)
assert not array.any()
assert group.on_this_machine() == size
parts = np.full(7, rank + 1.0), np.full(3, 1.0)
waits = [group.begin_all_reduce(part) for part in parts]
[wait() for wait in waits]
assert (parts[0] == size * (size + 1) / 2).all() and (parts[1] == size).all()
bandwidths = group.all_values(group.bandwidth())
assert len(set(bandwidths)) == 1 and bandwidths[0] > 0
"""


@needs_mpi
@pytest.mark.parametrize("count", [1, 3])
def test_what_processes_exchange(count):
    done = mpiexec(count, "-c", PROGRAM)
    assert (done.returncode, done.stderr) == (0, "")


def test_one_process_needs_no_mpi():
    array = np.ones(3)
    assert ALONE.all_reduce(array) is array
    assert ALONE.all_rows(array) is array
    assert ALONE.all_values(5) == [5]
    assert ALONE.from_first(5) == 5
    ALONE.array_from_first(array)
    assert array.all()


def test_without_mpi4py_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "mpi4py", None)
    with pytest.raises(ImportError, match=r"pip install 'classic-nn\[distributed\]'"):
        MPIProcesses()
