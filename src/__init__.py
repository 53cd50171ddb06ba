"""classic-nn: neural networks written by hand in NumPy."""

import os

# OpenBLAS, the matrix library in NumPy's wheels, lets its threads spin for 2^26 cycles (some 25 ms)
# after a product, in the way of whatever else computes then: updating 28 million parameters took
# 68 ms instead of 41 ms. 2^20 cycles still catch the next product of a small network. It is read
# when NumPy is first imported; a value of the user's own stays.
os.environ.setdefault("OPENBLAS_THREAD_TIMEOUT", "20")
