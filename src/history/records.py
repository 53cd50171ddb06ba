"""The frames of event files: TensorFlow's TFRecord format, read and written.

    length      8 bytes, little-endian
    checksum    4 bytes, of the length
    data        ``length`` bytes: one Event
    checksum    4 bytes, of the data

A checksum is CRC-32C, rotated by 15 bits, plus a constant, so that the checksum of data that
contain checksums stays a good one (tensorflow/tsl/lib/hash/crc32c.h, "Mask").

TensorBoard's own reader and writer compute checksums in a loop of Python, 6 MB per second, which
for pictures is longer than to make them: 22 s for a million events.
"""

import itertools
import os
import socket
import struct
import time
from collections.abc import Iterator
from pathlib import Path

import google_crc32c

LENGTH, CHECKSUM = struct.Struct("<Q"), struct.Struct("<I")
HEADER = struct.Struct("<QI")
FRAME = HEADER.size + CHECKSUM.size
"""Bytes that a record needs in addition to its data."""

KEPT = 1 << 20
"""Bytes from which on records are written without being asked to."""

_file_numbers = itertools.count()


def _masked_checksum(data: bytes) -> int:
    checksum: int = google_crc32c.value(data)
    return ((checksum >> 15 | checksum << 17) + 0xA282EAD8) & 0xFFFFFFFF


def record(data: bytes) -> bytes:
    """The frame of one record, with its data."""
    length = LENGTH.pack(len(data))
    checksums = CHECKSUM.pack(_masked_checksum(length)), CHECKSUM.pack(_masked_checksum(data))
    return b"".join((length, checksums[0], data, checksums[1]))


class RecordWriter:
    """Appends records to a new event file; nothing half-written ever stays in it.

    Args:
        directory: where the file is created, the directory too.

    Records are kept in memory until ``flush``, or until there are many. Where the disk is full,
    OSError is raised, the file ends with the last records that found room, and what was kept is
    lost.
    """

    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        # TensorBoard reads files with "tfevents" in their names, in the order of the names
        number = f"{int(time.time()):010d}.{socket.gethostname()}.{os.getpid()}"
        self.path = directory / f"events.out.tfevents.{number}.{next(_file_numbers):06d}"
        self._file = open(self.path, "xb", buffering=0)  # noqa: SIM115  closed by close()
        self._kept = bytearray()
        self._written = 0

    def write(self, data: bytes) -> None:
        """Keep a record for the next flush. Raises OSError."""
        self._kept += record(data)
        if len(self._kept) > KEPT:
            self.flush()

    def flush(self) -> None:
        """Write what has been kept. Raises OSError."""
        data, self._kept = memoryview(self._kept), bytearray()
        try:
            while data:
                data = data[self._file.write(data) :]
        except OSError:
            self._file.truncate(self._written)
            raise
        self._written = self._file.seek(0, os.SEEK_END)

    def close(self) -> None:
        """Flush and close. Raises OSError."""
        try:
            self.flush()
        finally:
            self._file.close()


class Records:
    """Iterate over the data of a file's complete records, up to its end or to the first damage.

    Args:
        path: of an event file; it may be growing.

    Attributes:
        complete: bytes read so far that are complete records.
        size: bytes of the file when it was opened.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.complete = 0
        self.size = path.stat().st_size

    def __iter__(self) -> Iterator[bytes]:
        with open(self.path, "rb") as file:
            while len(header := file.read(HEADER.size)) == HEADER.size:
                length, checksum = HEADER.unpack(header)
                if _masked_checksum(header[:8]) != checksum or length > self.size:
                    return
                data, tail = file.read(length), file.read(CHECKSUM.size)
                if len(tail) < 4 or CHECKSUM.unpack(tail)[0] != _masked_checksum(data):
                    return
                self.complete += length + FRAME
                yield data
