"""Print the lowest versions that pyproject.toml allows, for ``pip install``: name==version.

python .ci/lowest.py test        the dependencies and those of the extra "test"
"""

import re
import sys
import tomllib
from pathlib import Path

project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())["project"]
requirements = list(project["dependencies"])
for extra in sys.argv[1:]:
    requirements += project["optional-dependencies"][extra]
for requirement in requirements:
    match = re.fullmatch(r"([\w-]+)>=([\d.]+)", requirement)
    if match is None:
        sys.exit(f"{requirement}: expected name>=version")
    print(f"{match[1]}=={match[2]}")
