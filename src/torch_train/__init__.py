"""The same networks and recipes on PyTorch: yardstick, second opinion, and the way to a GPU."""
