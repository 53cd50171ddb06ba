"""``check`` finds the exercise that an answer belongs to, tries it, and says what came of it."""

import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exercises.words import difference_in_words

Array = NDArray[Any]


@dataclass(frozen=True)
class Claim:
    """One array of an answer, and what it must be.

    Attributes:
        name: of the array, as the exercise calls it.
        given: what the answer says.
        expected: what is right, by ``source``.
        source: where that comes from.
        tolerance: relative to the largest expected value.
        samples: number of samples that are averaged over, or 0.
        hint: said with any mistake in it.
    """

    name: str
    given: Any
    expected: Any
    source: str = "the library"
    tolerance: float = 1e-6
    samples: int = 0
    hint: str = ""


Exercise = Callable[[Any], Iterator[Claim]]
"""Takes an answer and makes the claims that must hold."""

EXERCISES: dict[str, Exercise] = {}
"""By name, which is that of the function or value that is asked for."""


@dataclass(frozen=True)
class Verdict:
    """What came of an answer: right or not, None if there is no answer yet; and the words."""

    right: bool | None
    text: str


class NoAnswerYet(Exception):
    """The answer still has its dots."""


def exercise(function: Exercise) -> Exercise:
    """Register an exercise by the name of its function."""
    EXERCISES[function.__name__] = function
    return function


def check(*functions: Callable[..., Any], **values: Any) -> None:
    """Print whether answers are right: ``check(my_function)`` or ``check(my_number=0.5)``.

    The exercise is found by the name of the function or value, so keep it.
    """
    answers = {function.__name__: function for function in functions} | values
    for name, answer in answers.items():
        print(assess(name, answer).text)


def assess(name: str, answer: Any) -> Verdict:
    """Try an answer to the exercise of this name."""
    if name not in EXERCISES:
        return Verdict(False, f"✗ no exercise is called {name}; keep the name that it has")
    if answer is None or answer is ...:
        return Verdict(None, f"○ {name}: no answer yet; put yours in the place of the dots")
    proven = 0
    try:
        for claim in EXERCISES[name](answer):
            problem = difference_in_words(
                *(claim.name, claim.given, claim.expected, claim.source),
                *(claim.tolerance, claim.samples),
            )
            if problem:
                return Verdict(False, f"✗ {name}: {problem}" + (claim.hint and f". {claim.hint}"))
            proven += np.size(claim.expected)
    except NoAnswerYet:
        return Verdict(
            None,
            f"○ {name}: no answer yet: it returns nothing; put your lines in the place of the dots",
        )
    except WrongForm as problem:
        return Verdict(False, f"✗ {name}: {problem}")
    except Exception as error:  # whatever an answer may do
        return Verdict(False, f"✗ {name}: {_stopped(error)}")
    return Verdict(True, f"✓ {name}: right ({proven} number{'s' if proven > 1 else ''} compared)")


class WrongForm(Exception):
    """An answer is not of the form that its exercise asks for."""


def call(answer: Callable[..., Any], *inputs: Any, returns: Sequence[str] = ()) -> Any:
    """What a function answers to these inputs, of which it gets copies that it may not change.

    Args:
        answer: the function.
        inputs: for it, in their order.
        returns: names of what it has to return, where that is more than one value.

    Raises:
        NoAnswerYet: it returns None or dots.
        WrongForm: it is no function, changes an input, or returns another number of values.
    """
    if not callable(answer):
        raise WrongForm(f"expected a function, got a {type(answer).__name__}")
    copies = [np.array(x) if isinstance(x, np.ndarray) else x for x in inputs]
    result = answer(*copies)
    if result is None or result is ...:
        raise NoAnswerYet
    for position, (before, after) in enumerate(zip(inputs, copies, strict=True)):
        if isinstance(before, np.ndarray) and not np.array_equal(before, after, equal_nan=True):
            raise WrongForm(f"it changes its input number {position + 1}; work on a copy of it")
    if returns:
        several = isinstance(result, tuple | list) or np.ndim(result) > 0
        count = len(result) if several else 1
        if count != len(returns):
            names = ", ".join(returns)
            raise WrongForm(f"expected `return {names}`, got {count} value{'s' * (count > 1)}")
        result = tuple(result)
        if any(value is None or value is ... for value in result):
            raise NoAnswerYet
    return result


def differences(function: Callable[[Array], float], x: Array, h: float = 1e-5) -> Array:
    """Central differences of a number by each value of x, in the shape of x."""
    x = np.array(x, dtype=np.float64)
    gradient = np.zeros_like(x)
    for place in np.ndindex(x.shape):
        kept = x[place]
        x[place] = kept + h
        above = function(x)
        x[place] = kept - h
        gradient[place] = (above - function(x)) / (2 * h)
        x[place] = kept
    return gradient


def claims(
    given: Sequence[Any], expected: dict[str, Any], like: Claim | None = None
) -> Iterator[Claim]:
    """Claims of several arrays at once, in the order of ``expected``."""
    like = like or Claim("", None, None)
    for value, (name, right) in zip(given, expected.items(), strict=True):
        yield replace(like, name=name, given=value, expected=right)


def _stopped(error: Exception) -> str:
    """An exception of an answer, with the line of it."""
    frames = traceback.extract_tb(error.__traceback__)
    mine = [frame for frame in frames if "ipykernel" in frame.filename or frame.filename[:1] == "<"]
    place = f" in its line `{mine[-1].line}`" if mine and mine[-1].line else ""
    return f"it stopped{place}: {type(error).__name__}: {error}"
