"""What the command lines of all packages share."""

import warnings

import pytest

from src.common.cli import run_command


@pytest.mark.parametrize("message", ["a file is cut", "in two\nlines,  and   wide"])
def test_a_warning_is_one_line(capsys, message):
    def work():
        warnings.warn(message, UserWarning, stacklevel=1)
        return 0

    with warnings.catch_warnings():
        warnings.simplefilter("always")
        shown = warnings.showwarning
        assert run_command("program command", work, ()) == 0
        assert warnings.showwarning is shown
    error = capsys.readouterr().err
    assert error == f"program command: warning: {' '.join(message.split())}\n"


def test_a_warning_before_a_mistake_is_a_line_of_its_own(capsys):
    def work():
        warnings.warn("first", UserWarning, stacklevel=1)
        raise ValueError("second")

    with warnings.catch_warnings():
        warnings.simplefilter("always")
        assert run_command("program", work, (ValueError,)) == 2
    lines = capsys.readouterr().err.splitlines()
    assert lines == ["program: warning: first", "program: error: second"]
