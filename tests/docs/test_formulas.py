"""Formulas of docstrings become TeX: what is written is what is typeset, and nothing is lost."""

import ast
import re

import pytest

from docs.generator.formulas import (
    FormulaError,
    to_tex,
    typeset_block,
    typeset_docstring,
    typeset_summary,
)
from docs.generator.formulas.docstrings import BLOCK
from docs.generator.operations import CHAPTERS
from docs.generator.pages import path
from tests.paths import ROOT


def compact(tex):
    """TeX without the spaces between its parts."""
    return re.sub(r"\s+|\\,", "", tex)


@pytest.mark.parametrize(
    ("text", "tex"),
    [
        ("a @ W + b", "aW+b"),
        ("gamma * x_hat + beta", r"\gamma\cdot\hat{x}+\beta"),
        ("beta1 m_t", r"\beta_{1}m_{t}"),
        ("dW = a^T @ dz", r"\mathrm{d}W=a^{\mathsf{T}}\mathrm{d}z"),
        ("a_{l-1}", "a_{l-1}"),
        ("x_(k + 1)", "x_{k+1}"),
        ("x[n, p s + i]", r"x_{n,\;ps+i}"),
        ("x'_k", "x'_{k}"),
        ("x~ = s q", r"\tilde{x}=sq"),
        ("2^(b-1) - 1", "2^{b-1}-1"),
        ("d^-beta", r"d^{-\beta}"),
        ("A^-1", "A^{-1}"),
        ("sum(x) / n", r"\frac{\sumx}{n}"),
        ("sum(x + y)", r"\sum\left(x+y\right)"),
        ("sum over i, j of x[i, j]", r"\sum_{i,\;j}x_{i,\;j}"),
        ("sum_k c_k p_ik", r"\sum_{k}c_{k}p_{ik}"),
        ("sum over S without k of n / m * v", r"\sum_{S\\text{without}\k}\frac{n}{m}\cdotv"),
        ("1/n sum(x)", r"\frac{1}{n}\sumx"),
        ("a b / (c d)", r"\frac{ab}{cd}"),
        ("a * b / c", r"a\cdot\frac{b}{c}"),
        ("(a + b) / (c) + d", r"\frac{a+b}{c}+d"),
        ("(u >= rate) / 2", r"\frac{\left(u\ge\text{rate}\right)}{2}"),
        ("1 / sqrt(var + epsilon)", r"\frac{1}{\sqrt{\operatorname{var}+\varepsilon}}"),
        ("max(|low|, |x|)", r"\max\left(\left|\text{low}\right|,\;\left|x\right|\right)"),
        ("<dy, y>", r"\left\langle\mathrm{d}y,\;y\right\rangle"),
        ("x < y", "x<y"),
        ("v <- beta v", r"v\leftarrow\betav"),
        ("integral from 0 to 1 of f(t) dt", r"\int_{0}^{1}f\left(t\right)\mathrm{d}t"),
        ("|S|! (n - 1)!", r"\left|S\right|!\left(n-1\right)!"),
        ("t ~ U(0, 1)", r"t\simU\left(0,\;1\right)"),
        ("u in [0, 1)", r"u\\text{in}\\left[0,\;1\right)"),
        ("learning_rate * v", r"\text{learning\rate}\cdotv"),
        ("body's backward of dy", r"\operatorname{body}\text{'s}\\\text{backwardof}\\mathrm{d}y"),
        ("1e-5", r"1\cdot10^{-5}"),
    ],
    ids=str,
)
def test_a_formula_becomes_tex(text, tex):
    assert compact(to_tex(text)) == tex


@pytest.mark.parametrize("text", ["(a + b", "a + b)", "x[n", "/ 2", "a § b", "x^", "sum over k"])
def test_what_is_no_formula_is_said(text):
    with pytest.raises(FormulaError):
        to_tex(text)


def test_a_block_keeps_labels_and_remarks_as_words():
    lines = ["1. mean     mu  = sum(x) / n      (biased: divided by n)", "2. center   x_c = x - mu"]
    block = "\n".join(f"    {line}" for line in lines)
    html = typeset_block(block)
    assert html is not None
    rows = re.findall(r"<tr>(.*?)</tr>", html)
    assert len(rows) == 2
    assert "<th scope=row>1. mean</th>" in rows[0]
    assert "(biased: divided by n)" in rows[0]
    assert r"\frac{\sumx}{n}" in compact(rows[0])
    assert "<th scope=row>2. center</th>" in rows[1]


def test_a_line_that_goes_on_is_one():
    html = typeset_block("    y[f] = b[f] + sum over i of\n            x[i] * w[i, f]")
    assert html is not None
    assert html.count("<tr>") == 1
    assert r"\sum_{i}" in html


@pytest.mark.parametrize(
    "block",
    [
        "    stage     output      blocks\n    conv1     112 x 112   2",
        "    1. combine  several outputs of a row at once\n    2. multiply windows of x",
        "    y = (a\n    z = b)",
    ],
)
def test_what_is_no_block_of_formulas_stays_as_it_is(block):
    assert typeset_block(block) is None
    assert typeset_docstring(f"Summary.\n\n{block}\n\nMore.") == f"Summary.\n\n{block}\n\nMore."


def test_a_summary_keeps_its_words():
    said = typeset_summary("dz = dy * y * (1 - y), from the output y = sigmoid(z).")
    assert said.startswith('<span class="arithmatex">')
    assert ", from the output <span" in said
    assert said.count("arithmatex") == 2
    said = typeset_summary("y = z where z > 0, else slope * z (Maas et al. 2013).")
    assert r"\text{else}\  \text{slope}" in said
    assert said.endswith(" (Maas et al. 2013).")


def test_a_summary_has_its_other_formulas_too():
    said = typeset_summary("Set gamma = 1.")
    assert said == "Set gamma = 1."
    said = typeset_summary("gamma = 1, beta = 0 of shape (channels,).")
    assert said.count("arithmatex") == 2
    assert said.endswith("</span> of shape (channels,).")
    said = typeset_summary("y = z * s with s = sigmoid(z) (Ramachandran 2017, with beta = 1).")
    assert said.count("arithmatex") == 3
    assert said.endswith("</span>).")
    said = typeset_summary("theta <- theta - learning_rate * g.")
    assert said.count("arithmatex") == 1


@pytest.mark.parametrize(
    "summary", ["The dense layer.", "Weights = those that learn.", "z (samples,) and the cache."]
)
def test_a_summary_of_words_stays_as_it_is(summary):
    assert typeset_summary(summary) == summary


def docstrings_of_pages():
    seen = set()
    for operation in (one for chapter in CHAPTERS.values() for one in chapter):
        for part in (operation.forward, operation.backward, operation.layer):
            for module, names in part.items():
                tree = ast.parse((ROOT / "src" / path(module)).read_text(encoding="utf-8"))
                for node in [tree, *tree.body]:
                    name = getattr(node, "name", "")
                    documented = isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef)
                    if documented and (not name or name in names.split()):
                        key = f"{module}.{name}".rstrip(".")
                        text = ast.get_docstring(node)
                        if text and key not in seen:
                            seen.add(key)
                            yield key, text


def test_every_line_with_a_formula_is_typeset():
    """A block with an equals sign that the notation does not know would stay plain, unseen."""
    plain = {
        key: block[0]
        for key, text in docstrings_of_pages()
        for block in BLOCK.finditer(text)
        if re.search(r"\s(=|<-)\s", block[0]) and typeset_block(block[0]) is None
    }
    assert plain == {}


def test_no_formula_stands_among_the_words_of_a_paragraph():
    """A line that begins with a formula, or with its label, belongs into an indented block."""
    loose = re.compile(
        r"^(?:[a-z]+(?: [a-z]+)? {2,})?[A-Za-z_]+(?:\[[^]]*\])? +(?:=|<-) .*", re.MULTILINE
    )
    found = {
        key: line[0]
        for key, text in docstrings_of_pages()
        for line in loose.finditer(text.partition("\n\n")[2])
    }
    assert found == {}


def test_pages_have_as_many_formulas_as_ever():
    count = sum(typeset_docstring(text).count("arithmatex") for _, text in docstrings_of_pages())
    assert count > 250
