"""Data sets of objects in boxes, in the layouts of YOLO."""

from src.load.yolo.description import describes_yolo
from src.load.yolo.reader import read_yolo

__all__ = ["describes_yolo", "read_yolo"]
