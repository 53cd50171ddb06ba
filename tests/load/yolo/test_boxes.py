import pytest
from hypothesis import given
from hypothesis import strategies as st

from src.load.yolo.boxes import Box, parse_box


def test_a_line_is_a_class_and_a_box():
    box = Box(3, (0.25, 0.125, 0.75, 0.375))
    assert parse_box("3 0.5 0.25 0.5 0.25", 4) == (box, "boxes")
    assert parse_box("3.0, 0.5, 0.25, 0.5, 0.25", 4) == (box, "boxes")
    assert parse_box("3,0.5,0.25,0.5,0.25,0.9", 4) == (box, "boxes with a sixth number")
    assert parse_box("3 0.5 0.25 0.5 0.25 0.1 0.1 2", 4, key_points=True) == (box, "boxes")


def test_the_confidence_after_a_polygon_is_dropped():
    box = Box(1, (0.1, 0.1, 0.5, 0.6))
    assert parse_box("1 .1 .1 .5 .1 .5 .6 .9", 2) == (box, "polygons")


@given(points=st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=3, max_size=9))
def test_of_a_polygon_the_bounding_box_is_taken(points):
    xs, ys = zip(*points, strict=True)
    line = " ".join(["1", *(f"{x!r} {y!r}" for x, y in points)])
    if min(xs) == max(xs) or min(ys) == max(ys):
        with pytest.raises(ValueError, match="no area"):
            parse_box(line, 2)
    else:
        assert parse_box(line, 2) == (Box(1, (min(xs), min(ys), max(xs), max(ys))), "polygons")


@given(x=st.floats(0, 1), y=st.floats(0, 1), width=st.floats(1e-3, 1), height=st.floats(1e-3, 1))
def test_boxes_are_cut_at_the_edges(x, y, width, height):
    left, top, right, bottom = parse_box(f"0 {x!r} {y!r} {width!r} {height!r}", 1)[0].edges
    assert 0 <= left < right <= 1
    assert 0 <= top < bottom <= 1
    assert left == max(x - width / 2, 0)
    assert bottom == min(y + height / 2, 1)


@given(line=st.text(max_size=40))
def test_any_other_line_is_refused_with_a_reason(line):
    with pytest.raises(ValueError, match=r"expected|the box"):
        parse_box(line, 3)
