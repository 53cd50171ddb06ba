"""Where PyTorch computes."""

from src.classic_train.cli.parsers import OptionError

KINDS = ("cpu", "cuda", "mps", "xpu")
"""Devices that train."""


def usable_device(asked: str) -> str:
    """A device's name, "auto" settled; raises OptionError where there is no such device here."""
    import torch

    name = asked
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        if torch.device(name).type not in KINDS:
            raise ValueError(f"expected one of {', '.join(KINDS)}")
        torch.zeros(1, device=name)
    except (RuntimeError, AssertionError, ValueError) as error:
        first = str(error).partition("\n")[0]
        raise OptionError(f"--device: {asked} cannot be used here: {first}") from None
    return name
