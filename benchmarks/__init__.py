"""Side-by-side measurements against PyTorch and scikit-learn: ``python -m benchmarks``."""
