"""The warning of a history that is incomplete."""


class HistoryWarning(UserWarning):
    """Part of a history is missing, or can't be recorded; what there is stays readable."""
