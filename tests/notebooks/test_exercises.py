"""Exercises: each has a solution that is right, and says what is wrong with one that is not."""

import re
from itertools import pairwise

import nbformat
import numpy as np
import pytest
from exercises.check import EXERCISES, assess, check
from exercises.words import difference_in_words

from tests.paths import ROOT

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


def exercises_of(path):
    """(name, stub, solution) of each exercise of a notebook."""
    cells = nbformat.read(path, as_version=4).cells
    for cell, following in pairwise(cells):
        asked = re.search(r"^check\((\w+)", cell.source, re.MULTILINE)
        if cell.cell_type == "code" and asked:
            (solution,) = re.findall(r"```python\n(.*?)\n```", following.source, re.DOTALL)
            assert following.source.startswith("<details><summary>A solution</summary>\n")
            yield asked[1], cell.source, solution


ALL = [found for path in NOTEBOOKS for found in exercises_of(path)]
NAMES = [name for name, _, _ in ALL]


def value_of(code, name):
    namespace = {"np": np, "check": lambda *functions, **values: None}
    exec(code, namespace)
    return namespace[name]


def changed(answer, change):
    """The same answer with its numbers changed, be it a number or what a function returns."""

    def apply(result):
        if isinstance(result, tuple | list):
            return type(result)(map(apply, result))
        return change(np.asarray(result, dtype=np.float64))

    return (lambda *inputs: apply(answer(*inputs))) if callable(answer) else apply(answer)


def test_every_notebook_has_exercises_and_every_exercise_a_notebook():
    assert [path.stem for path in NOTEBOOKS if len(list(exercises_of(path))) < 2] == []
    assert sorted(NAMES) == sorted(EXERCISES)


@pytest.mark.parametrize(("name", "stub", "solution"), ALL, ids=NAMES)
def test_a_solution_is_right_and_dots_are_no_answer_yet(name, stub, solution):
    verdict = assess(name, value_of(solution, name))
    assert verdict.right, verdict.text
    verdict = assess(name, value_of(stub, name))
    assert verdict.right is None, verdict.text
    assert "no answer yet" in verdict.text


WRONG = {
    "negative": lambda x: -x - 0.001,
    "doubled": lambda x: 2 * x + 0.01,
    "shifted": lambda x: x + 0.1,
    "zero": lambda x: 0 * x - 0.37,
    "not a number": lambda x: x * np.nan,
    "another shape": lambda x: np.stack([x, x]),
}


@pytest.mark.parametrize("change", WRONG, ids=str)
@pytest.mark.parametrize(("name", "stub", "solution"), ALL, ids=NAMES)
def test_a_wrong_answer_is_not_right(name, stub, solution, change):
    verdict = assess(name, changed(value_of(solution, name), WRONG[change]))
    assert verdict.right is False, verdict.text
    assert re.match(rf"✗ {name}: .{{12,}}", verdict.text)


@pytest.mark.parametrize("name", NAMES)
def test_an_answer_that_stops_is_told_where(name):
    answer = value_of(f"def {name}(*inputs):\n    return inputs.nothing\n", name)
    verdict = assess(name, answer)
    assert verdict.right is False
    assert "nothing" in verdict.text or "expected" in verdict.text or "no array" in verdict.text


RIGHT = np.array([[1.0, -2.0], [3.0, 0.5]])


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (RIGHT, None),
        (RIGHT.tolist(), None),
        (-RIGHT, "opposite sign"),
        (RIGHT.T, "transposed"),
        (RIGHT[:1], r"shape \(1, 2\), expected \(2, 2\)"),
        (RIGHT.ravel(), r"right numbers in shape \(4,\)"),
        (2 * RIGHT, "2 times what it should be, everywhere: a factor of 2"),
        (5 * RIGHT, "there are 5 samples, so a sum stands where a mean is expected"),
        (RIGHT / 5, "a mean stands where a sum is expected"),
        (3 * RIGHT, "3 times what it should be, everywhere$"),
        (RIGHT + 0.5, "off by 0.5 everywhere"),
        (0 * RIGHT, "zero everywhere"),
        (RIGHT * np.inf, "not finite"),
        ("seven", "no array of numbers but a str"),
        (
            RIGHT + np.array([[0, 0], [1, 0]]),
            r"1 of the 4 values of dx are wrong; the first at dx\[1, 0\]: 4;",
        ),
    ],
    ids=str,
)
def test_a_difference_is_said_in_words(answer, words):
    said = difference_in_words("dx", answer, RIGHT, "finite differences", samples=5)
    if words is None:
        assert said is None
    else:
        assert said is not None
        assert re.search(words, said)


def test_a_number_is_compared_as_one():
    said = difference_in_words("rate", 0.3, 0.2, "the library")
    assert said == "rate is 0.3; by the library it is 0.2"


def test_an_array_counts_as_several_values_and_a_forgotten_return_is_said():
    def squared_error_gradient(X, y, w, b):
        p = 1 / (1 + np.exp(-(X @ w + b)))
        dz = 2 * (p - y) / len(y) * p * (1 - p)
        both = X.T @ dz, dz.sum()
        if as_array:
            return np.array(both, dtype=object)
        if forgotten:
            return None
        return np.concatenate([both[0], [both[1]]])

    as_array, forgotten = True, False
    assert assess("squared_error_gradient", squared_error_gradient).right
    as_array = False
    said = assess("squared_error_gradient", squared_error_gradient).text
    assert "expected `return dw, db`, got 3 values" in said
    forgotten = True
    assert "it returns nothing" in assess("squared_error_gradient", squared_error_gradient).text


def test_rounding_is_no_mistake():
    def boundary_height(w, b, x1):
        return np.array([np.linalg.solve([[w[1]]], [-w[0] * x - b])[0] for x in x1]) * (1 + 1e-15)

    assert assess("boundary_height", boundary_height).right


def test_unknown_names_and_changed_inputs_are_said(capsys):
    check(something=1.0)
    assert "no exercise is called something" in capsys.readouterr().out

    def boundary_height(w, b, x1):
        x1 += 1
        return x1

    check(boundary_height)
    assert "changes its input number 3" in capsys.readouterr().out
