"""classic-nn: neural networks written by hand in NumPy."""
