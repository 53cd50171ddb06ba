"""A place of a map depends on the pixels of its receptive field, and on no other."""

import numpy as np
import pytest

from src.inference.glass.passes import forward_passes
from src.inference.glass.receptive import receptive_fields
from tests.inference.glass.networks import NETWORKS, built

LOCAL = [
    *("convolution", "stride and padding", "dilation", "depthwise", "max pooling"),
    *("average pooling", "resizing", "residual", "parallel", "lenet"),
]


@pytest.mark.parametrize("name", LOCAL)
def test_pixels_outside_change_nothing_and_inside_something(name):
    network, x = built(name)
    nodes = forward_passes(network, x).nodes
    fields = receptive_fields(nodes)
    rng = np.random.default_rng(0)
    height, width = x.shape[:2]
    seen = 0
    plain = forward_passes(network, x)
    for path, field in fields.items():
        if field is None:
            continue
        rows, columns = nodes[path].shape[:2]
        place = (int(rng.integers(rows)), int(rng.integers(columns)))
        start = [field.start[a] + place[a] * field.jump[a] for a in (0, 1)]
        inside = np.zeros((height, width), bool)
        first = [max(int(np.floor(s)), 0) for s in start]
        last = [int(np.ceil(s + n)) for s, n in zip(start, field.size, strict=True)]
        inside[first[0] : last[0], first[1] : last[1]] = True
        outside = x + np.where(inside, 0, 1)[..., None] * rng.normal(size=x.shape)
        moved = forward_passes(network, outside)
        before, after = (p.values[path][0][place] for p in (plain, moved))
        np.testing.assert_allclose(after, before, atol=1e-12, err_msg=path)
        within = forward_passes(network, x + inside[..., None] * rng.normal(size=x.shape))
        seen += (within.values[path][0][place] != before).any()
    assert seen >= 2


@pytest.mark.parametrize("name", NETWORKS)
def test_fields_end_where_everything_is_seen(name):
    network, x = built(name)
    fields = receptive_fields(forward_passes(network, x).nodes)
    assert fields["input"] == ((0, 0), (1, 1), (1, 1))
    assert fields[list(fields)[-1]] is None
