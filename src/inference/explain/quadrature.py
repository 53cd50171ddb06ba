"""Integrals from 0 to 1 as weighted sums: points t_i and weights w_i with

    integral of g(t) dt = sum over i of w_i g(t_i)    about

- gauss_legendre: exact for polynomials up to degree 2 n - 1; no point lies at an end;
- trapezoid: exact for straight lines, with both ends.
"""

import numpy as np
from numpy.typing import NDArray

from src.common.lookup import lookup

Floats = NDArray[np.float64]

MOST = 2048
"""Points: those of Gauss and Legendre take seconds to find beyond."""


def gauss_legendre(steps: int) -> tuple[Floats, Floats]:
    """Points and weights (steps,).

    >>> points, weights = gauss_legendre(2)
    >>> round(float(weights @ points**3), 12)  # integral of t^3
    0.25
    """
    points, weights = np.polynomial.legendre.leggauss(steps)  # from -1 to 1
    return (points + 1) / 2, weights / 2


def trapezoid(steps: int) -> tuple[Floats, Floats]:
    """Points and weights (steps,); of one step the middle.

    >>> points, weights = trapezoid(3)
    >>> points.tolist(), weights.tolist()
    ([0.0, 0.5, 1.0], [0.25, 0.5, 0.25])
    """
    if steps == 1:
        return np.array([0.5]), np.ones(1)
    weights = np.full(steps, 1 / (steps - 1))
    weights[[0, -1]] /= 2
    return np.linspace(0, 1, steps), weights


RULES = {"gauss_legendre": gauss_legendre, "trapezoid": trapezoid}


def quadrature(rule: str, steps: int) -> tuple[Floats, Floats]:
    """Points and weights of a rule by name; ValueError for an unknown one, or too many steps."""
    if not 1 <= steps <= MOST:
        raise ValueError(f"steps: expected 1 to {MOST:,}, got {steps:,}")
    found: tuple[Floats, Floats] = lookup("rule", rule, RULES)(steps)
    return found
