"""What the account of a data set must say: every item is used, left out or passed over, once."""

import os

from src.load import Problems, fingerprint_photos, read_data
from src.load.account import UNEXPLAINED
from src.load.cleaning import clean
from src.load.walk import walk


def read_and_clean(path, **reading):
    """The data set as training sees it, before it is divided."""
    dataset = read_data(path, problems=Problems(), **reading)
    return clean(dataset, fingerprint_photos(dataset.images.photos))


def check_refusal(error, root=""):
    """One line that names the place."""
    assert str(error).startswith(str(root)), error
    assert "\n" not in str(error)


def check_accounts(dataset):
    """Used, left out and passed over add up to what was found, and samples are what is used."""
    for account in dataset.problems.accounts.values():
        counts = account.counts()
        assert sum(sum(whats.values()) for whats in counts.values()) == account.found
        assert not any(UNEXPLAINED in whats for whats in counts.values()), account.undecided()
        printed = account.lines()
        assert int(printed[0].split()[-1].replace(",", "")) == account.found
        numbers = [line.split("  ") for line in printed[1:]]
        assert sum(_number(line) for line in printed[1:]) == account.found, numbers
    for items in dataset.items:
        account = dataset.problems.account(items.unit)
        used_items = {item for row in dataset.rows().tolist() for item in items.of_row[row]}
        assert {account.status(item) for item in used_items} <= {"used"}
        if items.unit in ("rows", "samples", "label lines"):  # and nothing else is used
            assert len(used_items) == sum(account.counts()["used"].values())
    return dataset


def _number(line):
    return next(int(word.replace(",", "")) for word in line.split() if word[0].isdigit())


def check_files(root, dataset):
    """The files of the account are those that a walk of one's own finds."""
    tree = walk(root)
    system = sum(len(folder.system) + len(folder.dead_links) for folder in tree.all_folders())
    plain = 0
    for _, folders, files in os.walk(root):
        folders[:] = [name for name in folders if not name.startswith((".", "__MACOSX"))]
        plain += sum(not name.startswith(".") for name in files)
    assert dataset.problems.account("files").found == plain + system


def counts_by_split(dataset):
    """Samples of each split."""
    return {split: len(rows) for split, rows in dataset.splits.items()}


def used(dataset, unit):
    """How many items are used as what."""
    return dict(dataset.problems.account(unit).counts()["used"])


def left_out(dataset, unit):
    """How many items are left out, by cause."""
    return dict(dataset.problems.account(unit).counts()["left out"])
