"""The settings of a training run, from the command line to values."""
