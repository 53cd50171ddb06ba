"""What a trainer is in the middle of: everything that a resumed run needs, as arrays and facts."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from src.classic_nn.array_types import Array
from src.classic_nn.serialization import load_network_arrays, network_arrays

if TYPE_CHECKING:
    from src.classic_train.mini_batch.trainer import MiniBatchTrainer


def trainer_state(trainer: "MiniBatchTrainer") -> tuple[dict[str, Array], dict[str, Any]]:
    """Arrays by name, and facts that JSON can hold."""
    optimizer = trainer.optimizer
    arrays = network_arrays(trainer.network)
    arrays |= {f"optimizer/{name}": array for name, array in optimizer.state_arrays().items()}
    facts: dict[str, Any] = {
        "epoch": trainer.epoch,
        "step_count": optimizer.step_count,
        "learning_rate": optimizer.learning_rate,
        "seed": trainer.seed,
        "history": trainer.history,
        "callbacks": {},
    }
    for callback in trainer.callbacks:
        if callback.name:
            own_arrays, facts["callbacks"][callback.name] = callback.state()
            arrays |= {f"{callback.name}/{name}": array for name, array in own_arrays.items()}
    return arrays, facts


def load_trainer_state(
    trainer: "MiniBatchTrainer", arrays: Mapping[str, Array], facts: Mapping[str, Any]
) -> None:
    """The inverse of ``trainer_state``.

    Raises ValueError where the state is that of another network or optimizer.
    """
    load_network_arrays(trainer.network, arrays)
    trainer.optimizer.load_state(
        _below("optimizer", arrays), facts["step_count"], trainer.network.parameters
    )
    trainer.optimizer.learning_rate = facts["learning_rate"]
    trainer.epoch, trainer.seed = facts["epoch"], facts["seed"]
    trainer.history = list(facts["history"])
    for callback in trainer.callbacks:
        if callback.name in facts["callbacks"]:
            callback.load_state(_below(callback.name, arrays), facts["callbacks"][callback.name])


def _below(prefix: str, arrays: Mapping[str, Array]) -> dict[str, Array]:
    """The arrays whose names begin with ``prefix/``, without it."""
    start = f"{prefix}/"
    return {name[len(start) :]: array for name, array in arrays.items() if name.startswith(start)}
