"""The bar that long work shows on standard error, on a terminal."""

from tqdm.auto import tqdm


def progress_bar(work: str, total: int, unit: str, shown: bool = True) -> "tqdm[None]":
    """A bar that vanishes when it is closed; make it before the work begins.

    Args:
        work: what is being done.
        total: how many there are.
        unit: of what.
        shown: False for no bar at all.
    """
    # disable=None: only where standard error is a terminal
    return tqdm(desc=work, total=total, unit=unit, leave=False, disable=None if shown else True)
