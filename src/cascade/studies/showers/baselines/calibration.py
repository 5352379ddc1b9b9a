"""Polynomials that take a reconstruction's energy, or depth, to the true one on training events."""

from __future__ import annotations

from itertools import combinations_with_replacement

import numpy as np


def monomials(variables: np.ndarray, degree: int) -> np.ndarray:
    """Return all products of at most ``degree`` of the variables: (events, k) → (events, terms).

    Examples
    --------
    >>> monomials(np.array([[2.0, 3.0]]), 2)
    array([[1., 2., 3., 4., 6., 9.]])
    """
    columns = range(variables.shape[1])
    chosen = [
        c for power in range(degree + 1) for c in combinations_with_replacement(columns, power)
    ]
    return np.stack([variables[:, list(c)].prod(axis=1) for c in chosen], axis=1)


def fit_polynomial(variables: np.ndarray, target: np.ndarray, degree: int) -> np.ndarray:
    """Return the coefficients of least squares, with the shortest vector where they are not fixed.

    Parameters
    ----------
    variables
        Of order one, shape (events, k).
    target
        Shape (events,).
    """
    return np.linalg.lstsq(monomials(variables, degree), target, rcond=1e-6)[0]


def polynomial(variables: np.ndarray, coefficients: np.ndarray, degree: int) -> np.ndarray:
    """Return the polynomial's values, shape (events,)."""
    return monomials(variables, degree) @ coefficients
