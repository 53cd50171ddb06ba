"""A model with every kind of operation that the glass box shows, in a run with saved epochs."""

import numpy as np

from src.classic_cnn import Conv2D, GlobalAveragePool, MaxPool2D
from src.classic_cnn.layers import AveragePool2D
from src.classic_nn import BatchNorm, Dense, Dropout, ReLU, Residual, Sequential
from src.classic_nn.layers import Parallel, Sigmoid, SiLU, SqueezeExcitation
from src.classic_nn.serialization import SavedModel, save_model
from tests.inference.models import preprocessing

SIZE = 20
CLASSES = ["cat", "dog", "owl"]


def network(seed):
    excitation = Sequential([Dense(4), ReLU(), Dense(8), Sigmoid()])
    branches = Parallel([Conv2D(4, 1), Sequential([MaxPool2D(3, 1, padding=1), Conv2D(4, 1)])])
    made = Sequential(
        {
            "conv": Conv2D(8, 3),
            "bn": BatchNorm(),
            "relu": ReLU(),
            "pool": MaxPool2D(2),
            "sum": Residual(Sequential([Conv2D(8, 3, groups=8), SiLU(), Conv2D(8, 1)])),
            "excite": SqueezeExcitation(excitation),
            "branches": branches,
            "mean": AveragePool2D(2),
            "all": GlobalAveragePool(),
            "drop": Dropout(0.2),
            "head": Dense(3),
        }
    )
    rng = np.random.default_rng(seed)
    made.build((SIZE, SIZE, 3), rng)
    for name, array in {**made.parameters, **made.buffers}.items():
        if name.endswith("variance"):
            array[...] = rng.uniform(0.5, 2, array.shape)
        elif array.ndim == 1:
            array[...] += rng.normal(0, 0.2, array.shape).astype(array.dtype)
    made.parameters["head.W"] *= 4
    return made


def write_run(folder, epochs=3):
    """A run: the model of its end, those of its epochs, curves, a finding."""
    folder.mkdir(parents=True)
    for epoch in range(1, epochs + 1):
        saved = SavedModel(network(epoch), "multi_class", CLASSES, preprocessing(SIZE))
        path = folder / "epochs" / f"epoch-{epoch:04d}.safetensors"
        path.parent.mkdir(exist_ok=True)
        save_model(path, saved)
        save_model(folder / "model.safetensors", saved)
    rows = ["epoch,cost,validation_cost,accuracy"]
    rows += [f"{e},{1 / e},{1.2 / e},{0.3 * e}" for e in range(1, epochs + 1)]
    (folder / "epochs.csv").write_text("\n".join(rows))
    (folder / "metrics.json").write_text('{"findings": ["epoch 2: dead ReLU in relu: 54%"]}')
    return folder
