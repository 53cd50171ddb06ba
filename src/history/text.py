"""Text that any file and any table can hold."""


def printable(text: str) -> str:
    r"""The text, with what is not Unicode escaped: file names may be any bytes.

    >>> printable("r\udcffn")
    'r\\udcffn'
    """
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
