"""Names of photos, and bodies that are counted as they arrive."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from src.serve.service.body import BoundedBody, Budget
from src.serve.service.limits import Limits
from src.serve.service.photos import NAME_LENGTH, name_of
from src.serve.service.refused import RefusedError


@given(st.text(max_size=300), st.integers(0, 100))
def test_a_name_is_never_a_path(name, number):
    found = name_of(name, number)
    assert 0 < len(found) <= NAME_LENGTH * 10  # unprintable characters are written as escapes
    assert "/" not in found
    assert found.isprintable()


class Sender:
    """Sends parts of a body, then nothing."""

    def __init__(self, *parts, ends=True):
        self.parts, self.ends = list(parts), ends

    async def __call__(self):
        if not self.parts:
            await asyncio.sleep(100)
        part = self.parts.pop(0)
        return {
            "type": "http.request",
            "body": part,
            "more_body": bool(self.parts) or not self.ends,
        }


def received(limits, budget, *parts, ends=True):
    async def receive():
        body, got = BoundedBody(Sender(*parts, ends=ends), limits, budget), b""
        try:
            while True:
                message = await body()
                got += message["body"]
                if not message["more_body"]:
                    return got
        finally:
            body.release()

    return asyncio.run(receive())


def test_a_body_within_its_bounds_comes_through():
    budget = Budget(100)
    assert received(Limits(request_bytes=6), budget, b"abc", b"def") == b"abcdef"
    assert budget.held == 0


@pytest.mark.parametrize(
    ("limits", "budget", "parts", "ends", "status"),
    [
        (Limits(request_bytes=5), 100, [b"abc", b"def"], True, 413),
        (Limits(), 5, [b"abc", b"def"], True, 503),
        (Limits(upload_seconds=0.05), 100, [b"abc"], False, 408),
    ],
)
def test_beyond_a_bound_it_is_refused_and_nothing_is_held(limits, budget, parts, ends, status):
    shared = Budget(budget)
    with pytest.raises(RefusedError) as refused:
        received(limits, shared, *parts, ends=ends)
    assert refused.value.status == status
    assert refused.value.headers["Connection"] == "close"
    assert shared.held == 0


@pytest.mark.parametrize("length", ["6", "99999999999999999999", "006"])
def test_a_length_that_is_too_long_is_refused_before_anything_is_read(length):
    async def check():
        BoundedBody(Sender(), Limits(request_bytes=5), Budget(9)).check_length(length)

    with pytest.raises(RefusedError, match="longer than 5 bytes"):
        asyncio.run(check())


@pytest.mark.parametrize("length", ["5", "", "-7", "x", "²"])
def test_a_length_that_says_nothing_is_passed_over(length):
    async def check():
        BoundedBody(Sender(), Limits(request_bytes=5), Budget(9)).check_length(length)

    asyncio.run(check())
