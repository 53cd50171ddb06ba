"""What readers raise."""


class UnreadableDataError(ValueError):
    """A file that is missing, damaged or of another format; one line names file and cause."""
