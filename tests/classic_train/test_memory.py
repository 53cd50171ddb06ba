import subprocess
import sys

import pytest

from tests.paths import ROOT

PROGRAM = """
import resource, sys
import numpy as np
from src.classic_train.memory import keep_freed_memory
if sys.argv[1] == "keep" and not keep_freed_memory():
    sys.exit(3)
def faults(): return resource.getrusage(resource.RUSAGE_SELF).ru_minflt
def step(): (np.ones(3_000_000, np.float32) * 2).sum()
for _ in range(3): step()
before = faults()
for _ in range(20): step()
print(faults() - before)
"""


def test_the_same_memory_is_used_again():
    def faults(mode):
        result = subprocess.run(
            [sys.executable, "-c", PROGRAM, mode], cwd=ROOT, capture_output=True, text=True
        )
        if result.returncode == 3:
            pytest.skip("the C library is not glibc")
        return int(result.stdout)

    assert faults("keep") < 20 <= faults("as it is")
