"""JSON files that are written whole or not at all."""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from src.classic_nn.serialization.atomic import atomic_path


def write_json(path: Path, content: Any) -> None:
    r"""Write a JSON file, whole or not at all; what is not a number becomes null.

    Names of files that are not Unicode are written as JSON's own escapes, \udcff.
    """
    with atomic_path(path) as partial:
        text = json.dumps(_finite(content), indent=2, allow_nan=False, ensure_ascii=False)
        partial.write_text(f"{text}\n", encoding="utf-8", errors="backslashreplace")


def _finite(content: Any) -> Any:
    """The content with NaN and infinities replaced by None, which JSON can hold."""
    if isinstance(content, Mapping):
        return {key: _finite(value) for key, value in content.items()}
    if isinstance(content, list | tuple):
        return [_finite(value) for value in content]
    return None if isinstance(content, float) and not math.isfinite(content) else content
