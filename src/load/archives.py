"""Unpacking zip files that somebody else has packed."""

import lzma
import shutil
import stat
import zipfile
import zlib
from pathlib import Path, PurePosixPath, PureWindowsPath

from src.load.errors import UnreadableDataError
from src.load.progress import progress_bar


def unpack_zip(archive: str | Path, directory: str | Path, progress: bool = False) -> None:
    """Unpack a zip file below a directory, and nowhere else.

    Every member is looked at first. Nothing is unpacked if one of them would lie outside the
    directory, is a link, or if all together are more than the disk has room for.

    Raises:
        UnreadableDataError: missing, damaged or encrypted archive, or a member as above.
    """
    archive, directory = Path(archive), Path(directory)
    try:
        with zipfile.ZipFile(archive) as file:
            members = file.infolist()
            for member in members:
                _check(archive, member)
            total = sum(member.file_size for member in members)
            directory.mkdir(parents=True, exist_ok=True)
            free = shutil.disk_usage(directory).free
            if total > free:
                raise UnreadableDataError(
                    f"{archive}: unpacks to {total:,} bytes, and the disk has {free:,} free"
                )
            with progress_bar("unpacking", len(members), "file", progress) as bar:
                for member in members:
                    file.extract(member, directory)
                    bar.update()
    except UnreadableDataError:
        raise
    except (
        OSError,
        EOFError,
        RuntimeError,
        zipfile.BadZipFile,
        zlib.error,
        lzma.LZMAError,
    ) as error:
        cause = getattr(error, "strerror", None) or error
        raise UnreadableDataError(f"{archive}: cannot be unpacked ({cause})") from None


def _check(archive: Path, member: zipfile.ZipInfo) -> None:
    """Refuse names that lead out of the directory, and links, which may."""
    # a backslash or a drive parts folders on Windows; zipfile's own names have slashes only
    name = PurePosixPath(member.filename.replace("\\", "/"))
    drive = bool(PureWindowsPath(member.filename).drive)
    outside = name.is_absolute() or ".." in name.parts or drive
    if outside or stat.S_ISLNK(member.external_attr >> 16):
        raise UnreadableDataError(
            f"{archive}: holds {member.filename!r}, which could be written outside the folder; "
            "nothing was unpacked"
        )
