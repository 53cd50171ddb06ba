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
def split_and_rest(name: str) -> tuple[str | None, tuple[str, ...]]:
    """The split that a word of a name says, and the words that say nothing of splits.

    >>> split_and_rest("asl_alphabet_train"), split_and_rest("cat")
    (('train', ('asl', 'alphabet')), (None, ('cat',)))
    """
    words = words_of(name)
    splits = {WORDS[word] for word in words if word in WORDS}
    rest = tuple(word for word in words if word not in WORDS and word not in AROUND)
    return (splits.pop() if len(splits) == 1 else None), rest


@lru_cache
def split_name(name: str) -> str | None:
    """The split that a folder or a value names; None where it names none.

    >>> split_name("training_set"), split_name("seg_test"), split_name("train station")
    ('train', 'test', None)
    """
    split, rest = split_and_rest(name)
    return None if rest else split


def names_of_splits(names: Iterable[str]) -> dict[str, str]:
    """The splits of several names that stand side by side, for those that name one.

    Names that have the same words but for the split name splits too. Where "test" has a name of its
    own and validation has none, "eval" is validation.

    >>> names_of_splits(["train", "eval", "test"])
    {'train': 'train', 'eval': 'validation', 'test': 'test'}
    >>> names_of_splits(["asl_alphabet_train", "asl_alphabet_test"])
    {'asl_alphabet_train': 'train', 'asl_alphabet_test': 'test'}
    """
    names = list(names)
    found = {name: split for name in names if (split := split_name(name))}
    if not found:
        parts = {name: split_and_rest(name) for name in names}
        named = {name: split for name, (split, _) in parts.items() if split}
        if len({parts[name][1] for name in named}) == 1 and len(set(named.values())) > 1:
            found = named
    evals = [name for name in found if {"eval", "evaluation"} & set(words_of(name))]
    if evals and VALIDATION not in found.values() and len(evals) < list(found.values()).count(TEST):
        found |= dict.fromkeys(evals, VALIDATION)
    return found


def splits_and_classes(names: Iterable[str]) -> list[str]:
    """Names that say a split and a class at once: train_horse, train_human, test_horse.

    >>> splits_and_classes(["train_horse", "train_human", "test_horse", "test_human"])[:2]
    ['train_horse', 'train_human']
    """
    parts = {name: split_and_rest(name) for name in names}
    named = {name: rest for name, (split, rest) in parts.items() if split and rest}
    rests = list(named.values())
    return list(named) if len(set(rests)) > 1 and len(rests) > len(set(rests)) else []


def is_unlabelled(name: str) -> bool:
    """Whether a folder's name says that its photos have no labels: seg_pred."""
    return bool(UNLABELLED & set(words_of(name)))
