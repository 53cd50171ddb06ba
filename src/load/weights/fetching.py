"""Published weights on this machine: fetched from the hub once, checked from then on."""

import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path

from src.common.files import atomic_path, write_json, write_text
from src.common.lookup import lookup
from src.load.errors import UnreadableDataError
from src.load.fetch import sha256
from src.load.weights.formats import READERS, read_weight_file
from src.load.weights.layouts import LAYOUTS
from src.load.weights.published import PUBLISHED, PublishedWeights

WEIGHTS = Path("assets/weights")
"""Where fetched weights are kept, relative to the working directory."""

STATISTICS = re.compile(r"running_(mean|var)$|num_batches_tracked$|^AuxLogits\.")
"""Arrays of PyTorch's files that are no parameters of the network."""

FOLDER_VARIABLE = "CLASSIC_NN_WEIGHTS"
"""Environment variable with a folder of weights of one's own, which is looked into too."""


class MissingWeightsError(UnreadableDataError):
    """There are no weights of an architecture on this machine."""


def local_weights(architecture: str) -> Path:
    """The file with weights of an architecture: fetched, or in the folder of CLASSIC_NN_WEIGHTS.

    There, a file is taken whose name is that of the architecture, alone or followed by an
    underscore and anything that makes it no other architecture's.

    Raises MissingWeightsError where there is none, UnreadableDataError where one has changed since
    it was fetched.
    """
    fetched = fetched_path(architecture)
    if fetched.is_file():
        _check(fetched)
        return fetched
    folder = os.environ.get(FOLDER_VARIABLE, "")
    if folder and Path(folder).is_dir():
        for path in sorted(Path(folder).iterdir()):
            if _of_architecture(path) == architecture:
                return path
    how = "name"
    if architecture in PUBLISHED:
        how = f"fetch them with python -m src.load weights {architecture}, or name"
    where = f" or in {folder}" if folder else ""
    raise MissingWeightsError(
        f"there are no weights of {architecture} in {WEIGHTS}{where}; {how} a file of them"
    )


def fetched_path(architecture: str) -> Path:
    """Where the fetched weights of an architecture are, or would be."""
    return WEIGHTS / f"{architecture}.safetensors"


def _of_architecture(path: Path) -> str:
    """The architecture that a file of weights is named after: of several, the longest name."""
    if path.suffix.lower() not in READERS:
        return ""
    names = [n for n in LAYOUTS if path.stem == n or path.stem.startswith(f"{n}_")]
    return max(names, key=len, default="")


def fetch_weights(
    architecture: str, file: Path | None = None, log: Callable[[str], None] = print
) -> Path:
    """Bring published weights to ``assets/weights``; returns the file.

    An interrupted download goes on where it stopped. The SHA-256 is recorded the first time, and
    what is there already is checked against it.

    Args:
        architecture: of ``PUBLISHED``.
        file: one that was downloaded by hand, in safetensors; None to download it.
        log: takes a line for the user.

    Raises:
        UnreadableDataError: no weights were published under this name, huggingface_hub is missing,
            the download failed, or a file is not what it should be.
    """
    target = fetched_path(architecture)
    try:
        published = lookup("weights", architecture, PUBLISHED)
    except ValueError as error:
        raise UnreadableDataError(str(error)) from None
    log(f"{architecture}\n  source:  {published.page}\n  licence: {published.licence}")
    if file is not None and file.suffix.lower() != ".safetensors":
        raise UnreadableDataError(f"{file}: expected a .safetensors file of {published.page}")
    if file is not None:
        _check_parameters(file, published)
    if target.is_file():
        _check(target)
        if file is not None and sha256(file) != sha256(target):
            raise UnreadableDataError(f"{target}: holds other weights; remove it first")
        log(f"{target}: is complete and unchanged")
        return target
    source = file or _download(published)
    _check_parameters(source, published)
    digest = sha256(source)
    # first: weights without a checksum would never be checked
    write_text(_sums(target), f"{digest}  {target.name}\n")
    with atomic_path(target) as partial:
        shutil.copyfile(source, partial)
    write_json(
        target.with_suffix(".json"),
        {
            "architecture": architecture,
            "source": str(file) if file else published.page,
            "revision": None if file else published.revision,
            "licence": published.licence,
            "sha256": digest,
        },
    )
    log(f"{target}: {target.stat().st_size / 1e6:,.1f} MB, SHA-256 {digest[:16]}... recorded")
    return target


def _check_parameters(path: Path, published: PublishedWeights) -> None:
    """Raise UnreadableDataError for a file that is not of this network."""
    found = sum(
        array.size
        for name, array in read_weight_file(path).arrays.items()
        if not STATISTICS.search(name)
    )
    if found != published.parameters:
        raise UnreadableDataError(
            f"{path}: has {found:,} parameters, expected the {published.parameters:,} of "
            f"{published.architecture}: other files are named where they are used, --weights FILE"
        )


def _sums(path: Path) -> Path:
    return path.with_name(f"{path.name}.sha256")


def _check(path: Path) -> None:
    """Raise UnreadableDataError where a file is not as its checksum says."""
    sums = _sums(path)
    expected = sums.read_text("utf-8", "replace").partition(" ")[0] if sums.is_file() else ""
    if expected and sha256(path) != expected:
        raise UnreadableDataError(
            f"{path}: has changed since it was fetched; remove it and fetch it again"
        )


def _download(published: PublishedWeights) -> Path:
    try:
        from huggingface_hub import hf_hub_download
    except ImportError:
        raise UnreadableDataError(
            "fetching weights needs huggingface_hub: pip install -e '.[weights]'; or download "
            f"{published.file} from {published.page} and name it with --file"
        ) from None
    try:
        return Path(
            hf_hub_download(
                published.repository,
                published.file,
                revision=published.revision,
                cache_dir=WEIGHTS / ".huggingface",
            )
        )
    except Exception as error:  # of many kinds, of its own and of the network's
        reason = str(error).strip().splitlines()
        raise UnreadableDataError(
            f"{published.repository}: the download failed ({reason[0] if reason else error!r}); "
            f"try again, or download {published.file} from {published.page} and name it with --file"
        ) from None
