"""Photos on which a model is not sure of a class: predicted one after the other, kept on disk.

Predictions go to ``predictions.csv`` as they come, a row a photo, and the sample stands in
``sample.csv`` before the first: whatever stops the work, the same command goes on where it stopped.
In memory there are a few photos at a time, and a row for each candidate.
"""

import csv
import json
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from src.classic_nn.serialization import arrays_digest, network_arrays
from src.common.files import write_json
from src.common.lookup import lookup
from src.common.tables import write_csv
from src.inference.classifier import Classifier
from src.inference.mining.review import Reviewed, read_review, write_review
from src.inference.mining.sample import sampled_photos
from src.load.errors import UnreadableDataError
from src.load.fingerprints import Fingerprints, perceptual_hash, pixel_digest
from src.load.image_grid import fitted, image_grid, save_image
from src.load.images import open_image
from src.load.progress import progress_bar

SETTINGS, SAMPLE, PREDICTIONS = "mine.json", "sample.csv", "predictions.csv"
CANDIDATES, SHEET, REVIEW = "candidates.csv", "candidates.png", "review.csv"
"""Files in the output folder."""

HEADING = ("image", "p", "answer", "sha256", "hash1", "hash2", "what")

SHOWN = 120
"""Candidates on the contact sheet."""

FLUSHED = 16
"""Rows that are written at a time: a killed process loses no more."""


@dataclass(frozen=True)
class Mined:
    """What became of the sampled photos.

    Attributes:
        sample: photos in it.
        account: of the place: how many photos and rows there were.
        known: photos that the model was trained on or validated by: left out.
        unreadable: what is wrong with photos that cannot be read.
        candidates: the others whose probability is low.
        directory: where the files are.
    """

    sample: int
    account: Counter[str]
    known: int
    unreadable: list[str]
    candidates: list[Reviewed]
    directory: Path


def mine(
    classifier: Classifier,
    place: Path,
    output: Path,
    *,
    class_name: str,
    below: float,
    sample: int = 5000,
    seed: int = 0,
    progress: bool = True,
) -> Mined:
    """Find photos to which the model gives a class with a low probability.

    Args:
        classifier: the model.
        place: see ``sampled_photos``.
        output: folder for the results; one of the same command goes on where it stopped.
        class_name: of the model.
        below: largest probability of a candidate.
        sample: photos to look at, chosen at random; 0 for all.
        seed: of the choice.
        progress: show a bar, on a terminal.

    Raises UnreadableDataError: no such class, no photos, or a folder with other results.
    """
    try:
        lookup("--class", class_name, dict.fromkeys(classifier.classes))
    except ValueError as error:
        raise UnreadableDataError(str(error)) from None
    column = classifier.classes.index(class_name)
    settings = {
        "photos": str(place.resolve()),
        "sample": sample,
        "seed": seed,
        "class": class_name,
        "classes": list(classifier.classes),
        "model": model_digest(classifier),
    }
    photos, account = _begin(output, settings, place, sample, seed)
    done = _rows_done(output / PREDICTIONS)
    left = [photo for photo in photos if str(photo) not in done]
    known = {int(d) for digests in classifier.model.photo_digests.values() for d in digests}
    bar = progress_bar("mining", len(photos), "photo", progress)
    bar.update(len(photos) - len(left))
    try:
        with (output / PREDICTIONS).open(
            "a", newline="", encoding="utf-8", errors="surrogateescape"
        ) as file:
            writer = csv.writer(file)
            if not file.tell():
                writer.writerow(HEADING)
            for number, row in enumerate(_predicted(classifier, left, column, known), 1):
                writer.writerow(row)
                if number % FLUSHED == 0:
                    file.flush()
                bar.update()
    finally:
        bar.close()
    return _finish(output, photos, account, below)


def model_digest(classifier: Classifier) -> str:
    """SHA-256 of the weights: tells one model from another."""
    return arrays_digest(network_arrays(classifier.model.network))


def _begin(
    output: Path, settings: dict[str, Any], place: Path, sample: int, seed: int
) -> tuple[list[Path], Counter[str]]:
    """The sample: that of an earlier start, or a new one."""
    before = _settings_of(output)
    if before is not None:
        if {name: before.get(name) for name in settings} != settings:
            differing = next(name for name in settings if before.get(name) != settings[name])
            raise UnreadableDataError(
                f"--output: {output} holds results of another command (its {differing} was "
                f"{before.get(differing)!r}); choose another folder, or remove it"
            )
        with (output / SAMPLE).open(newline="", encoding="utf-8", errors="surrogateescape") as file:
            return [Path(row[0]) for row in csv.reader(file)][1:], Counter(before["account"])
    begun = {output / SAMPLE}  # all that is there where the very beginning was interrupted
    if output.exists() and (not output.is_dir() or set(output.iterdir()) - begun):
        raise UnreadableDataError(f"--output: {output}: expected a new or an empty folder")
    photos, account = sampled_photos(place, sample, seed)
    output.mkdir(parents=True, exist_ok=True)
    with (output / SAMPLE).open(
        "w", newline="", encoding="utf-8", errors="surrogateescape"
    ) as file:
        csv.writer(file).writerows([("image",), *((os.path.abspath(p),) for p in photos)])
    write_json(output / SETTINGS, {**settings, "account": dict(account)})  # now it is whole
    return [Path(os.path.abspath(photo)) for photo in photos], account


def _settings_of(output: Path) -> dict[str, Any] | None:
    try:
        found = json.loads((output / SETTINGS).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) and (output / SAMPLE).is_file() else None


def _rows_done(path: Path) -> set[str]:
    """Photos with a whole row; a row that was cut off is removed from the file."""
    if not path.is_file():
        return set()
    content = path.read_bytes()
    whole = content[: content.rfind(b"\n") + 1]
    if len(whole) < len(content):
        with path.open("r+b") as file:
            file.truncate(len(whole))
    return {row["image"] for row in _read_rows(path)}


def _read_rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(newline="", encoding="utf-8", errors="surrogateescape") as file:
        yield from csv.DictReader(file)


class _Looking:
    """Opens a photo for the classifier, and remembers its fingerprints until they are asked for."""

    def __init__(self, white: int | None) -> None:
        self.white = white
        self.seen: dict[str, tuple[str, NDArray[np.uint64]]] = {}

    def open(self, path: Path) -> Image.Image:
        photo = open_image(path, self.white)
        self.seen[str(path)] = (pixel_digest(photo), perceptual_hash(photo))
        return photo


def _predicted(
    classifier: Classifier, photos: list[Path], column: int, known: set[int]
) -> Iterator[tuple[object, ...]]:
    """A row for each photo, in order."""
    looking = _Looking(classifier.white)
    named = ((str(photo), partial(looking.open, photo)) for photo in photos)
    for name, answer in classifier.answers(named):
        if isinstance(answer, UnreadableDataError):
            looking.seen.pop(name, None)
            yield (name, "", "", "", "", "", f"cannot be read: {answer}")
            continue
        digest, bits = looking.seen.pop(name)
        probabilities = classifier.class_probabilities(answer[np.newaxis])[0]
        what = "known" if int(digest[:16], 16) in known else "new"
        labels = ", ".join(classifier.labels(answer))
        p = repr(float(probabilities[column]))
        yield (name, p, labels, digest, f"{bits[0]:016x}", f"{bits[1]:016x}", what)


def _finish(output: Path, photos: list[Path], account: Counter[str], below: float) -> Mined:
    """Sort the candidates, near-duplicates together; write the table, the sheet, the review."""
    rows, known, unreadable = [], 0, []
    for row in _read_rows(output / PREDICTIONS):
        known += row["what"] == "known"
        if row["what"].startswith("cannot"):
            unreadable.append(row["what"].removeprefix("cannot be read: "))
        elif row["what"] == "new" and float(row["p"]) <= below:
            rows.append(row)
    candidates = in_groups(rows)
    columns = ("image", "p", "answer", "group", "sha256")
    write_csv(
        output / CANDIDATES,
        [columns, *([getattr(c, name) for name in columns] for c in candidates)],
    )
    _write_review(output / REVIEW, candidates)
    (output / SHEET).unlink(missing_ok=True)  # of an earlier limit
    if candidates:
        save_image(_contact_sheet(candidates), output / SHEET)
    return Mined(len(photos), account, known, unreadable, candidates, output)


def in_groups(rows: list[dict[str, str]]) -> list[Reviewed]:
    """Lowest probability first; copies and near-duplicates follow the lowest of them."""
    hashes = np.array([[int(r["hash1"], 16), int(r["hash2"], 16)] for r in rows], np.uint64)
    digests = [row["sha256"] for row in rows]
    prints = Fingerprints(digests, hashes.reshape(-1, 2), np.zeros((len(rows), 2), np.int64), {})
    groups = prints.groups() if rows else np.zeros(0, np.int64)
    p = np.array([float(row["p"]) for row in rows])
    lowest = np.full(int(groups.max(initial=-1)) + 1, np.inf)
    np.minimum.at(lowest, groups, p)
    order = np.lexsort((p, groups, lowest[groups]))
    numbers: dict[int, int] = {}
    return [
        Reviewed(
            image=rows[k]["image"],
            p=float(p[k]),
            answer=rows[k]["answer"],
            group=numbers.setdefault(int(groups[k]), len(numbers) + 1),
            sha256=rows[k]["sha256"],
        )
        for k in order.tolist()
    ]


def _write_review(path: Path, candidates: list[Reviewed]) -> None:
    """All candidates, with the labels that they have had so far."""
    before = read_review(path) if path.is_file() else []
    given = {photo.image: photo for photo in before if photo.label}
    rows = [replace(c, label=given[c.image].label) if c.image in given else c for c in candidates]
    now = {candidate.image for candidate in candidates}
    # a label that was given stays, also where the limit is lower now
    write_review(path, [*rows, *(p for image, p in given.items() if image not in now)])


def _contact_sheet(candidates: list[Reviewed]) -> Image.Image:
    pictures, captions = [], []
    for candidate in candidates[:SHOWN]:
        try:
            pictures.append(fitted(open_image(Path(candidate.image)), 96, 96))
        except UnreadableDataError:
            continue
        captions.append(f"{candidate.p:.3f}  group {candidate.group}")
    count = f"{len(candidates):,} candidates"
    title = count if len(candidates) <= SHOWN else f"{count}, the first {SHOWN}"
    return image_grid(pictures, captions, columns=12, side=96, title=title)
