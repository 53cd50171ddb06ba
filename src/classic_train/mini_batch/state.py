"""The state of training: everything that a resumed run needs, as arrays and metadata."""

from collections.abc import Mapping
from typing import Any

from src.classic_nn.array_types import Array
from src.classic_nn.serialization import frozen_digest, load_network_arrays, trained_arrays
from src.classic_train.mini_batch.callback import Training


def trainer_state(trainer: Training) -> tuple[dict[str, Array], dict[str, Any]]:
    """Arrays by name, and metadata that JSON can hold; of frozen layers a digest."""
    optimizer = trainer.optimizer
    arrays = dict(trained_arrays(trainer.network))
    arrays |= {f"optimizer/{name}": array for name, array in optimizer.state_arrays().items()}
    metadata: dict[str, Any] = {
        "epoch": trainer.epoch,
        "step_count": optimizer.step_count,
        "learning_rate": optimizer.learning_rate,
        "seed": trainer.seed,
        "frozen_digest": frozen_digest(trainer.network),
        "history": trainer.history,
        "callbacks": {},
    }
    for callback in trainer.callbacks:
        if callback.name:
            own_arrays, metadata["callbacks"][callback.name] = callback.state()
            arrays |= {f"{callback.name}/{name}": array for name, array in own_arrays.items()}
    return arrays, metadata


def load_trainer_state(
    trainer: Training, arrays: Mapping[str, Array], metadata: Mapping[str, Any]
) -> None:
    """The inverse of ``trainer_state``.

    Raises ValueError where the state is that of another network or optimizer.
    """
    if metadata.get("frozen_digest", "") != frozen_digest(trainer.network):
        raise ValueError("the frozen layers have other weights, or are others")
    load_network_arrays(trainer.network, arrays, trained_arrays(trainer.network))
    trainer.optimizer.load_state(
        _below("optimizer", arrays), metadata["step_count"], trainer.network.parameters
    )
    trainer.optimizer.learning_rate = metadata["learning_rate"]
    trainer.epoch, trainer.seed = metadata["epoch"], metadata["seed"]
    trainer.history = list(metadata["history"])
    for callback in trainer.callbacks:
        if callback.name in metadata["callbacks"]:
            callback.load_state(_below(callback.name, arrays), metadata["callbacks"][callback.name])


def _below(prefix: str, arrays: Mapping[str, Array]) -> dict[str, Array]:
    """The arrays whose names begin with ``prefix/``, without it."""
    start = f"{prefix}/"
    return {name[len(start) :]: array for name, array in arrays.items() if name.startswith(start)}
