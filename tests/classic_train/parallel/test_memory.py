import subprocess
import sys

import pytest

from tests.paths import ROOT

PROGRAM = """
import resource, sys
from concurrent.futures import ThreadPoolExecutor
import numpy as np
from src.classic_train.parallel.memory import keep_freed_memory
if sys.argv[1] == "keep" and not keep_freed_memory():
    sys.exit(3)
def faults(): return resource.getrusage(resource.RUSAGE_SELF).ru_minflt
def step(): (np.ones(10_000_000, np.float32) * 2).sum()
def steps(number):
    for _ in range(number): step()
pool = ThreadPoolExecutor(1)
def run(number):
    steps(number) if sys.argv[2] == "main" else pool.submit(steps, number).result()
run(3)
before = faults()
run(20)
print(faults() - before)
"""


@pytest.mark.parametrize("thread", ["main", "another"])
def test_the_same_memory_is_used_again(thread):
    def faults(mode):
        result = subprocess.run(
            [sys.executable, "-c", PROGRAM, mode, thread], cwd=ROOT, capture_output=True, text=True
        )
        if result.returncode == 3:
            pytest.skip("the C library is not glibc")
        return int(result.stdout)

    assert faults("keep") < 60 <= faults("as it is")
