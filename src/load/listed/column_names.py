"""What people call the columns of tables of images, and what they write into them."""

import re

PATHS = (
    *("path", "filepath", "imagepath", "imgpath", "photopath", "relativepath", "fullpath"),
    *("file", "filename", "imagefile", "imagefilename", "imagename", "imgname", "image", "images"),
    *("img", "imgfile", "photo", "picture", "fname", "imageid", "imgid", "photoid", "id", "name"),
)
"""Names of columns of paths, the surest first; case, space and underscores do not count."""

LABELS = (
    *("label", "labels", "class", "classes", "classname", "classlabel", "labelname", "category"),
    *("categories", "categoryname", "target", "targets", "tag", "tags", "findinglabels"),
    *("labelid", "classid", "categoryid", "labelnumber", "classnumber", "labelindex", "classindex"),
)
"""Names of columns of labels."""

SEVERAL = ("labels", "classes", "categories", "tags", "targets", "findinglabels")
"""Those that announce several in a cell."""

SPLITS = ("split", "set", "subset", "partition", "phase", "fold", "usage", "dataset", "splitname")
"""Names of columns of splits."""

FLAGS = {
    **dict.fromkeys(("isvalid", "isval", "isvalidation"), "validation"),
    **dict.fromkeys(("istest", "istesting", "iseval"), "test"),
    **dict.fromkeys(("istrain", "istraining"), "train"),
}
"""Columns of yes and no that name a split: what yes means."""

BARE_FLAGS = {"valid": "validation", "validation": "validation", "test": "test", "train": "train"}
"""The same where another column holds the labels: else they may be labels themselves."""

FOLDERS = ("folder", "subfolder", "directory", "dir")
"""Names of columns of the folders that images lie in."""

CORNERS = (
    ("xmin", "ymin", "xmax", "ymax"),
    ("x1", "y1", "x2", "y2"),
    ("left", "top", "right", "bottom"),
    ("bboxxmin", "bboxymin", "bboxxmax", "bboxymax"),
    ("bboxx1", "bboxy1", "bboxx2", "bboxy2"),
)
"""Columns of boxes: left, top, right, bottom."""

CENTERS = (("x", "y", "width", "height"), ("x", "y", "w", "h"))
"""Columns of boxes of which nobody knows whether x and y are a corner or the center."""

OTHER_BOXES = ("bbox", "boundingbox", "box")
"""Names of columns that hold a whole box in a cell."""

SIZES = (("width", "height"), ("imagewidth", "imageheight"), ("imgwidth", "imgheight"))
"""Columns of the size of a photo."""

INDICES = ("", "index", "idx", "unnamed", "rowid", "rownumber", "no", "nr")
"""Names of columns that number the rows, if their values do; digits after them do not count."""

YES, NO = frozenset({"1", "1.0", "true", "yes"}), frozenset({"0", "0.0", "false", "no"})
"""Values of a column of yes and no, in lower case."""

MINUS = frozenset({"-1", "-1.0"})
"""No, in columns that have no 0."""


def plain(name: str) -> str:
    """A column's name without case, space and signs.

    >>> plain("File_Name"), plain("Unnamed: 0")
    ('filename', 'unnamed0')
    """
    return re.sub(r"[\W_]+", "", name).lower()


def is_number(text: str) -> bool:
    """Whether a cell holds a number."""
    try:
        float(text)
    except ValueError:
        return False
    return True
