"""classic-nn: neural networks written by hand in NumPy."""

import os
import signal
import sys
import threading

# OpenBLAS, the matrix library in NumPy's wheels, lets its threads spin for 2^26 cycles (some 25 ms)
# after a product, in the way of whatever else computes then: updating 28 million parameters took
# 68 ms instead of 41 ms. 2^20 cycles still catch the next product of a small network. It is read
# when NumPy is first imported; a value of the user's own stays.
os.environ.setdefault("OPENBLAS_THREAD_TIMEOUT", "20")

# "python -m src.classic_train" imports this package first, with "-m" in the program's place. Until
# ``run_command`` takes over, Ctrl-C ends the program with one line instead of a traceback.
if (
    sys.argv[:1] == ["-m"]
    and threading.current_thread() is threading.main_thread()
    and signal.getsignal(signal.SIGINT) is signal.default_int_handler
):
    from src.common.cli import exit_interrupted

    signal.signal(signal.SIGINT, exit_interrupted)
