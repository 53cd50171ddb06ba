"""Installation shim: everything that describes the project is in pyproject.toml."""

from setuptools import setup

setup()
