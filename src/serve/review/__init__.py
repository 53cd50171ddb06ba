"""The page on which mined photos get their labels."""

from src.serve.review.app import create_app
from src.serve.review.decisions import Decisions

__all__ = ["Decisions", "create_app"]
