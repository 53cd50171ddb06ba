"""What people call train, validation and test: folders, and values of a column."""

import re
from collections.abc import Iterable
from functools import lru_cache

TRAIN, VALIDATION, TEST = "train", "validation", "test"

WORDS = {
    **dict.fromkeys(("train", "training", "trn", "trainset"), TRAIN),
    **dict.fromkeys(("val", "valid", "validation", "validate", "dev", "valset"), VALIDATION),
    **dict.fromkeys(("test", "testing", "tst", "eval", "evaluation", "testset", "holdout"), TEST),
}
"""Words that name a split, and what we call it."""

AROUND = frozenset(
    {
        *("set", "data", "dataset", "split", "seg", "image", "images", "img", "imgs", "photos"),
        *("folder", "public", "private", "final", "new", "original", "jpg", "png", "the"),
    }
)
"""Words that may stand beside it: seg_train, test_set, PublicTest."""

UNLABELLED = frozenset({"pred", "predict", "prediction", "predictions", "unlabeled", "unlabelled"})
"""Words of folders whose photos nobody has labelled."""


def words_of(name: str) -> list[str]:
    """The words of a name, in lower case.

    >>> words_of("PublicTest_2-set")
    ['public', 'test', 'set']
    """
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    return [word for word in re.split(r"[\W_\d]+", apart.lower()) if word]


@lru_cache
def split_name(name: str) -> str | None:
    """The split that a folder or a value names; None where it names none.

    >>> split_name("training_set"), split_name("seg_test"), split_name("train station")
    ('train', 'test', None)
    """
    words = words_of(name)
    splits = {WORDS[word] for word in words if word in WORDS}
    if len(splits) == 1 and all(word in WORDS or word in AROUND for word in words):
        return splits.pop()
    return None


def names_of_splits(names: Iterable[str]) -> dict[str, str]:
    """The splits of several names that stand side by side, for those that name one.

    Where "test" has a name of its own and validation has none, "eval" and "dev" are validation.

    >>> names_of_splits(["train", "eval", "test"])
    {'train': 'train', 'eval': 'validation', 'test': 'test'}
    """
    found = {name: split for name in names if (split := split_name(name))}
    evals = [name for name in found if {"eval", "evaluation"} & set(words_of(name))]
    if evals and VALIDATION not in found.values() and len(evals) < list(found.values()).count(TEST):
        found |= dict.fromkeys(evals, VALIDATION)
    return found


def is_unlabelled(name: str) -> bool:
    """Whether a folder's name says that its photos have no labels: seg_pred."""
    return bool(UNLABELLED & set(words_of(name)))
