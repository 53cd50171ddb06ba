"""Fetching data sets by name from where their users get them."""

import hashlib
import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from src.common.files import atomic_path
from src.load.archives import unpack_zip
from src.load.errors import UnreadableDataError
from src.load.image_kinds import EXTENSIONS

CHECKSUMS = "SHA256SUMS"
"""The file in a fetched data set that lists its files, as sha256sum writes and checks it."""

DOWNLOADS = Path("assets/cache/kagglehub")
"""Where downloads are kept until they are complete, relative to the working directory."""


@dataclass(frozen=True)
class RemoteDataset:
    """Where a data set comes from.

    Attributes:
        title: what it is.
        handle: owner/name on Kaggle.
        licence: what is known of it.
        directory: where it goes, relative to the working directory.
        checksums: SHA-256 of files, by name, where they are known.
    """

    title: str
    handle: str
    licence: str
    directory: Path
    checksums: Mapping[str, str] = field(default_factory=dict)

    @property
    def page(self) -> str:
        """Its page, which states source and licence."""
        return f"https://www.kaggle.com/datasets/{self.handle}"


REMOTE: dict[str, RemoteDataset] = {
    "sign_mnist": RemoteDataset(
        title="Sign Language MNIST: 27,455 + 7,172 hands of 28 x 28, 24 letters",
        handle="datamunge/sign-language-mnist",
        licence="CC0 1.0 as far as known; see the page before you use it",
        directory=Path("assets/mnist/signs"),
        checksums={
            "sign_mnist_train.csv": (
                "b7ff39ad5f1210fa765ce11aa5f20c2e97fe467ffc22231aac923c863eef75c4"
            ),
            "sign_mnist_test.csv": (
                "178c0dd21c4b0e86d58df12f14ea1e9efa795ad19d146802b3b28094a16d56ae"
            ),
        },
    ),
    "lvis_fruits_and_vegetables": RemoteDataset(
        title="LVIS Fruits and Vegetables: 8,221 photos with boxes of 63 kinds",
        handle="henningheyen/lvis-fruits-and-vegetables-dataset",
        licence="MIT (github.com/henningheyen/Fruits-And-Vegetables-Detection-Dataset)",
        directory=Path("assets/produce"),
    ),
    "tomatoes": RemoteDataset(
        title="Ripe and unripe tomatoes: photos with boxes of 2 kinds",
        handle="sumn2u/riped-and-unriped-tomato-dataset",
        licence="none known; see the page before you use it",
        directory=Path("assets/tomato"),
    ),
}
"""The data sets by name."""


def fetch(
    remote: RemoteDataset,
    archive: Path | None = None,
    log: Callable[[str], None] = print,
    directory: Path | None = None,
) -> Path:
    """Bring a data set into its directory, checked, all of it or nothing.

    What is there already is only checked. An interrupted download goes on where it stopped.

    Args:
        remote: the data set.
        archive: a zip file that was downloaded by hand; None to download it with kagglehub.
        log: takes a line for the user.
        directory: where it goes instead of ``remote.directory``.

    Returns:
        The directory.

    Raises:
        UnreadableDataError: kagglehub is missing, the download failed, or a checksum differs.
    """
    directory = (directory or remote.directory).resolve()
    log(f"{remote.title}\n  source:  {remote.page}\n  licence: {remote.licence}")
    if (directory / CHECKSUMS).is_file():
        check_sums(directory)
        log(f"{directory}: is complete and unchanged")
        return directory
    if directory.exists() and any(directory.iterdir()):
        raise UnreadableDataError(
            f"{directory}: holds other files; move them away, or choose another --output-dir"
        )
    staging = directory.with_name(f".{directory.name}.partial")
    shutil.rmtree(staging, ignore_errors=True)
    try:
        if archive is not None:
            unpack_zip(archive, staging, progress=True)
        else:
            _download(remote, staging)
        _check_known(remote, staging)
        count = write_sums(staging)
        directory.parent.mkdir(parents=True, exist_ok=True)
        if directory.exists():
            directory.rmdir()
        staging.replace(directory)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    known = "checked against known checksums" if remote.checksums else "checksums recorded"
    log(f"{directory}: {count:,} files, {known} ({CHECKSUMS})")
    return directory


def write_sums(directory: Path) -> int:
    """Write the checksums of all files below a directory; returns their number."""
    found = (path for path in directory.rglob("*") if path.is_file())
    files = sorted(path for path in found if path != directory / CHECKSUMS)
    lines = [f"{sha256(path)}  {path.relative_to(directory).as_posix()}\n" for path in files]
    with atomic_path(directory / CHECKSUMS) as partial:
        partial.write_text("".join(lines), "utf-8")
    return len(files)


def check_sums(directory: Path) -> None:
    """Raise UnreadableDataError where a file is not as its checksum says."""
    for line in (directory / CHECKSUMS).read_text("utf-8", "replace").splitlines():
        expected, _, name = line.partition("  ")
        path = directory / name
        if not path.is_file() or sha256(path) != expected:
            what = "has changed" if path.is_file() else "is missing"
            raise UnreadableDataError(
                f"{path}: {what} since it was fetched; remove {directory} and fetch it again"
            )


def sha256(path: Path) -> str:
    """Of the file's content, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _check_known(remote: RemoteDataset, directory: Path) -> None:
    kinds = EXTENSIONS | {".csv"}
    if not any(path.suffix.lower() in kinds for path in directory.rglob("*")):
        raise UnreadableDataError(f"{remote.handle}: expected images or tables in it, found none")
    for name, expected in remote.checksums.items():
        found = sorted(directory.rglob(name))
        if not found:
            raise UnreadableDataError(f"{remote.handle}: expected {name} in it, found none")
        got = sha256(found[0])
        if got != expected:
            raise UnreadableDataError(
                f"{remote.handle}: {name} is not the file that is known: expected SHA-256 "
                f"{expected[:16]}..., got {got[:16]}..."
            )


def _download(remote: RemoteDataset, staging: Path) -> None:
    """Download with kagglehub, which checks MD5 and resumes; move the files to ``staging``."""
    before = os.environ.get("KAGGLEHUB_CACHE")
    os.environ["KAGGLEHUB_CACHE"] = str(DOWNLOADS.resolve())
    try:
        import kagglehub

        found = Path(kagglehub.dataset_download(remote.handle))
        staging.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(found, staging)
        shutil.rmtree(DOWNLOADS / "datasets" / remote.handle, ignore_errors=True)
    except ImportError:
        raise UnreadableDataError(
            "fetching needs kagglehub: pip install 'classic-nn[kaggle]'; or download the zip from "
            f"{remote.page} and give it as --archive FILE"
        ) from None
    except Exception as error:  # whatever network, Kaggle and its library may raise
        cause = " ".join(str(error).split())[:200] or type(error).__name__
        raise UnreadableDataError(
            f"{remote.handle}: cannot be downloaded ({cause}); try again to go on where it "
            f"stopped, or download the zip from {remote.page} and give it as --archive FILE"
        ) from None
    finally:
        if before is None:
            del os.environ["KAGGLEHUB_CACHE"]
        else:
            os.environ["KAGGLEHUB_CACHE"] = before
