"""Small models for tests of what is done with models."""

import numpy as np

from src.classic_cnn import Conv2D, GlobalAveragePool
from src.classic_nn import Dense, ReLU, Sequential
from src.classic_nn.serialization import SavedModel, save_model
from src.load.transforms import Compose, Normalize, Resize, ToFloat, transform_config


def network(outputs, size=16, channels=3, seed=0):
    made = Sequential([Conv2D(6), ReLU(), GlobalAveragePool(), Dense(outputs)])
    made.build((size, size, channels), np.random.default_rng(seed))
    made.parameters.vector *= 3  # so that answers differ
    return made


def preprocessing(size=16):
    steps = [Resize((size, size)), ToFloat(), Normalize((0.4, 0.5, 0.6), (0.2, 0.25, 0.3))]
    return {"input": "photos", "transform": transform_config(Compose(steps))}


def saved(task="multi_class", names=("cat", "dog", "owl"), seed=0, **more):
    outputs = 1 if task == "binary" else len(names)
    return SavedModel(network(outputs, seed=seed), task, list(names), preprocessing(), **more)


def write(path, **settings):
    save_model(path, saved(**settings))
    return path
