"""The command ``mine``: hard examples among photos without labels, to be reviewed."""

import argparse
import sys

from src.inference.classifier import load_model
from src.inference.mining.mine import CANDIDATES, REVIEW, SHEET, mine


def run_mining(arguments: argparse.Namespace) -> int:
    """Mine as the command line says; returns the exit status: 1 where photos were unreadable."""
    classifier = load_model(arguments.model, arguments.threads)
    output = arguments.output
    try:
        found = mine(
            classifier,
            arguments.photos,
            output,
            class_name=arguments.class_name,
            below=arguments.below,
            sample=arguments.sample,
            seed=arguments.seed,
        )
    except KeyboardInterrupt:
        raise KeyboardInterrupt(
            f"The predictions so far are in {output}: the same command goes on"
        ) from None
    account = ", ".join(f"{what} {count:,}" for what, count in found.account.items())
    print(f"{arguments.photos}: {account}; looked at {found.sample:,}")
    print(f"known to the model, left out: {found.known:,}")
    groups = len({candidate.group for candidate in found.candidates})
    print(
        f"candidates with p({arguments.class_name}) <= {arguments.below:g}: "
        f"{len(found.candidates):,}, of which {groups:,} are no near-duplicates"
    )
    names = (CANDIDATES, REVIEW, SHEET)
    for path in (path for path in (output / name for name in names) if path.exists()):
        print(path)
    if found.candidates:
        print(f"next: python -m src.serve review {output}, or write labels into {output / REVIEW}")
    if found.unreadable:
        print(f"{len(found.unreadable):,} of the photos could not be read:", file=sys.stderr)
        for text in found.unreadable[:20]:
            print(f"  {text}", file=sys.stderr)
    return 1 if found.unreadable else 0
