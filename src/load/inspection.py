"""What a data set holds, and what is wrong with it, as text, tables and pictures."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from src.common.files import atomic_path, write_text
from src.load.account import Account
from src.load.cleaning import (
    FALSE_SPLITS,
    MISSING,
    UNREADABLE,
    clean,
    missing_classes,
    photo_labels,
    splits_of_photos,
)
from src.load.dataset import ImageDataset
from src.load.fingerprints import MOST_COMPARED, Fingerprints, fingerprint_photos
from src.load.problems import OnError, Problem, Problems
from src.load.read import read_data
from src.load.sheets import save_contact_sheet, save_distribution, sheet_name

REPORT = "inspection.txt"
"""The file with the text; its first line names the place that was looked at."""

SHOWN = 10
"""Copies of a kind that the text names one by one; ``findings.csv`` has all."""

ADVICE = (FALSE_SPLITS,)
"""Kinds of problems of cleaning that are no findings of their own."""

MOST_CLASSES = 45
"""Classes that the text counts one by one; the picture shows all."""


@dataclass(frozen=True)
class Inspection:
    """A data set as it was found, and looked at.

    Attributes:
        dataset: as it was read; its problems are those of its files.
        fingerprints: of its photos.
        findings: copies and contradictions, by kind.
        cleaned: what is left of it for training, with the account of all that was found.
    """

    dataset: ImageDataset
    fingerprints: Fingerprints
    findings: list[Problem]
    cleaned: ImageDataset

    def accounts(self) -> list[Account]:
        """Of files, rows and lines."""
        return list(self.cleaned.problems.accounts.values())


def inspect(
    path: str | Path,
    *,
    on_error: OnError = "skip",
    threads: int = 2,
    progress: bool = True,
    **reading: Any,
) -> Inspection:
    """Read a data set, decode every photo, and look for what would make metrics wrong.

    Args: as for ``load_dataset``. Raises UnreadableDataError: there is no data set.
    """
    dataset = read_data(path, problems=Problems(on_error), **reading)
    fingerprints = fingerprint_photos(dataset.images.photos, threads, progress)
    trial = dataset.problems.apart()
    cleaned = clean(replace(dataset, problems=trial), fingerprints)
    for error in fingerprints.errors.values():
        dataset.problems.add(UNREADABLE, error)
    for problem in trial.found:
        if problem.kind in ADVICE or problem.kind.startswith("images of 16 bits"):
            dataset.problems.note(problem.kind, problem.text)
    return Inspection(dataset, fingerprints, list(_findings(dataset, fingerprints)), cleaned)


def _findings(dataset: ImageDataset, fingerprints: Fingerprints) -> Iterator[Problem]:
    """Copies and near-duplicates, by where they stand and which labels they have."""
    for text in missing_classes(dataset):
        yield Problem(MISSING, text)
    photos = dataset.images.photos
    splits_of, labels = splits_of_photos(dataset), photo_labels(dataset)
    for number, splits in splits_of.items():
        if len(splits) > 1:
            yield Problem(
                "one file in several splits", f"{photos.name(number)}: {', '.join(splits)}"
            )
    for group in fingerprints.copies():
        here = [number for number in group if number in splits_of]
        if len(here) < 2:
            continue
        names = [photos.name(number) for number in here]
        line = " = ".join(names)
        apart = len({split for number in here for split in splits_of[number]}) > 1
        yield Problem("exact copies across splits" if apart else "exact copies in a split", line)
        described = sorted({", ".join(labels[number]) or "nothing" for number in here})
        if len(described) > 1:
            yield Problem("copies with contradictory labels", f"{line}: {' and '.join(described)}")
        if len({_words(name) for name in names}) > 1 and len(described) == 1:
            yield Problem("copies whose files are named differently", line)
    for one, other, bits in fingerprints.near_duplicates():
        if one in splits_of and other in splits_of:
            apart = set(splits_of[one]) != set(splits_of[other])
            kind = "near-duplicates across splits" if apart else "near-duplicates in a split"
            line = f"{photos.name(one)} ~ {photos.name(other)} ({bits} of 128 bits differ)"
            yield Problem(kind, line)


def describe(inspection: Inspection, title: str) -> str:
    """The inspection as text."""
    dataset, fingerprints = inspection.dataset, inspection.fingerprints
    kind = "any number of labels" if dataset.multi_label else "one class"
    photos = len(fingerprints.digests)
    lines = [
        f"{title}: {len(dataset.rows()):,} samples from {photos:,} photos, {kind} each, "
        f"{len(dataset.class_names)} classes",
        "",
        _counts_text(dataset),
        "",
        *_sizes_text(fingerprints),
        *_imbalance_text(dataset),
        "",
    ]
    distinct = len(set(filter(None, fingerprints.digests)))
    lines.append(f"distinct photos: {distinct:,} of {photos:,}")
    if fingerprints.hashes is not None and photos > MOST_COMPARED:
        lines.append(f"near-duplicates were not searched among more than {MOST_COMPARED:,} photos")
    found = Problems(found=[*inspection.findings, *dataset.problems.found])
    lines.append(found.summary(SHOWN) or "nothing wrong was found")
    lines += ["", *(line for account in inspection.accounts() for line in account.lines())]
    lines += ["", f"after leaving out what is not sound: {_sizes_of(inspection.cleaned)}"]
    return "\n".join(lines)


def save_inspection(
    inspection: Inspection, directory: Path, title: str = "inspection"
) -> list[Path]:
    """Write the text, tables and pictures; returns their paths.

    Args:
        inspection: to be written.
        directory: where to.
        title: first line of the text.
    """
    dataset = inspection.dataset
    write_text(directory / REPORT, f"{title}\n\n{describe(inspection, title)}\n")
    counts = count_table(dataset)
    for stale in [*directory.glob("contact_sheets/*.png"), *directory.glob("findings.csv")]:
        stale.unlink()  # of an earlier inspection
    written = [
        directory / REPORT,
        directory / "class_distribution.png",
        directory / "class_counts.csv",
    ]
    save_distribution(counts, written[1])
    with atomic_path(written[2]) as partial:
        counts.to_csv(partial)
    if inspection.findings:
        written.append(directory / "findings.csv")
        with atomic_path(written[-1]) as partial:
            rows = [(finding.kind, finding.text) for finding in inspection.findings]
            pd.DataFrame(rows, columns=["kind", "what"]).to_csv(partial, index=False)
    readable = np.array(
        [number not in inspection.fingerprints.errors for number in dataset.images.photo_of]
    )
    for number, name in enumerate(dataset.class_names):
        rows_here = _rows_with_class(dataset, number)
        rows_here = rows_here[readable[rows_here]]
        if len(rows_here) and inspection.fingerprints.hashes is not None:
            path = directory / "contact_sheets" / f"{sheet_name(number, name)}.png"
            save_contact_sheet(dataset.images, rows_here, name, path)
            written.append(path)
    return written


def count_table(dataset: ImageDataset) -> pd.DataFrame:
    """Samples by class (rows) and split (columns)."""
    columns = {split: dataset.counts(split) for split in dataset.splits}
    return pd.DataFrame(columns, index=pd.Index(dataset.class_names, name="class"))


def _counts_text(dataset: ImageDataset) -> str:
    table = count_table(dataset)
    table.index = table.index.str.slice(0, 40)
    if len(table) > MOST_CLASSES:
        order = np.argsort(-table.sum(axis=1).to_numpy(), kind="stable")
        head, tail = table.iloc[order[:15]], table.iloc[order[-5:]]
        return f"{head}\n... {len(table) - 20} more\n{tail}"
    total = pd.DataFrame([table.sum()], index=["total" if not dataset.multi_label else "labels"])
    return str(pd.concat([table, total]))


def _sizes_text(fingerprints: Fingerprints) -> list[str]:
    sizes = fingerprints.sizes[fingerprints.sizes[:, 0] > 0]
    if not len(sizes):
        return []
    width, height = (sorted(sizes[:, axis]) for axis in (0, 1))
    middle = len(sizes) // 2
    return [
        f"width  {width[0]} to {width[-1]}, median {width[middle]} pixels",
        f"height {height[0]} to {height[-1]}, median {height[middle]} pixels",
    ]


def _imbalance_text(dataset: ImageDataset) -> list[str]:
    counts = dataset.counts()
    names = np.array(dataset.class_names, object)
    lines = []
    if (counts == 0).any():
        absent = names[counts == 0]
        more = f" and {len(absent) - SHOWN} more" if len(absent) > SHOWN else ""
        lines.append(f"{len(absent)} classes have no sample: {', '.join(absent[:SHOWN])}{more}")
    occurring = np.flatnonzero(counts)
    if len(occurring) > 1:
        most, least = counts.argmax(), occurring[counts[occurring].argmin()]
        same = counts[most] == counts[least]
        lines.append(
            f"no imbalance: {counts[most]:,} samples of every class that occurs"
            if same
            else f"imbalance: {names[most]} has {counts[most]:,} samples, {names[least]} "
            f"{counts[least]:,}: {counts[most] / counts[least]:.1f} times as many"
        )
    return lines


def _words(name: str) -> str:
    """The letters of a file's name: "riped_tomato_10.jpeg" and "riped_tomato_80.jpg" agree."""
    return re.sub(r"[\W\d_]+", " ", Path(name).stem).strip().casefold()


def _rows_with_class(dataset: ImageDataset, number: int) -> NDArray[np.intp]:
    rows = dataset.rows()
    here = dataset.targets[rows]
    return rows[here[:, number] > 0] if dataset.multi_label else rows[here == number]


def _sizes_of(dataset: ImageDataset) -> str:
    return (
        ", ".join(f"{split} {len(rows):,}" for split, rows in dataset.splits.items()) or "nothing"
    )
