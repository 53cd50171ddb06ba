"""A CSV file as rows of fields, whatever its delimiter, quotes and encoding."""

import csv
import io
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from src.load.errors import UnreadableDataError
from src.load.files import read_text

DELIMITERS = ",;\t|"

SAMPLE = 4096
"""Characters by which the dialect is told."""


class Row(NamedTuple):
    """A row of a table.

    Attributes:
        number: of the row in the file, from 1; blank ones count.
        fields: without space around them.
    """

    number: int
    fields: list[str]


def read_table(file: Path) -> list[Row]:
    """All rows of a CSV file that are not blank.

    Comma, semicolon, tab or pipe between the fields, fields in quotes, UTF-8 with or without a
    byte-order mark, or UTF-16 with one; a first line ``sep=;``, as spreadsheets write it.

    Raises UnreadableDataError: no such file, no text, or a quote that is not closed.
    """
    text = read_text(file)
    first, _, rest = text.partition("\n")
    first = first.rstrip("\r").strip('"')
    if first.lower().startswith("sep=") and len(first) == 5:
        text, delimiter, quote = rest, first[4], '"'
    else:
        delimiter, quote = _dialect(file, text)
    reader = csv.reader(
        io.StringIO(text, newline=""),
        delimiter=delimiter,
        quotechar=quote,
        skipinitialspace=True,
        strict=True,
    )
    rows = []
    try:
        for number, fields in enumerate(reader, 1):
            stripped = [field.strip() for field in fields]
            if any(stripped):
                rows.append(Row(number, stripped))
    except csv.Error as error:
        raise UnreadableDataError(
            f"{file}: cannot be read (line {reader.line_num}: {error}; is a quote not closed?)"
        ) from None
    return rows


def _dialect(file: Path, text: str) -> tuple[str, str]:
    """Delimiter and quotes, by the first rows."""
    if file.suffix.lower() == ".tsv":
        return "\t", '"'
    lines = islice(io.StringIO(text[:SAMPLE]), 40)
    sample = "".join(line for line in lines if line.strip())
    try:
        found = csv.Sniffer().sniff(sample, DELIMITERS)
    except csv.Error:
        return ",", '"'  # a single column
    quote = "'" if found.quotechar == "'" and '"' not in sample else '"'
    return found.delimiter, quote
