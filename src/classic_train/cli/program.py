"""What this program is called from here, for help texts and for commands ready to be pasted."""

import os
import shlex
import shutil
import sys
from pathlib import Path


def python_command() -> str:
    """How this interpreter is called from here: by a short path, or as ``python``."""
    if shutil.which("python") == sys.executable:
        return "python"
    relative = os.path.relpath(sys.executable)
    return sys.executable if relative.startswith("..") else relative


def train_command_line(
    recipe: str, *arguments: str | Path, module: str = "src.classic_train"
) -> str:
    """A command that trains a recipe."""
    words = [python_command(), "-m", module, recipe, *map(str, arguments)]
    return shlex.join(words)


PROGRAM = f"{python_command()} -m src.classic_train"
