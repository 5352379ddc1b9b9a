"""Maximum likelihood of many small problems at once, by damped Fisher scoring.

Fisher scoring is Newton's method with the expected in place of the observed curvature, so that the
step always leads uphill (Osborne, Int. Stat. Rev. 60 (1992) 99); damped as in Marquardt, J. SIAM 11
(1963) 431: with F the Fisher information and g the gradient, (F + λ diag F) δ = g, where λ falls
after a step that gained and grows after one that did not. Each problem has its own λ and leaves
when it has converged.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

START, WEAKER, STRONGER, LARGEST = 1e-2, 0.2, 8.0, 1e8
"""Damping: at the start, its factors after a good and a bad step, and where a problem gives up."""


@dataclass(frozen=True)
class Expansion:
    """Log-likelihoods about a point, for some problems.

    Attributes
    ----------
    value
        Log-likelihoods, shape (problems,).
    gradient
        Shape (problems, parameters).
    information
        Expected curvature, positive definite: (problems, parameters, parameters).
    """

    value: np.ndarray
    gradient: np.ndarray
    information: np.ndarray


Likelihood = Callable[[np.ndarray, np.ndarray], Expansion]
"""``(parameters, which) -> Expansion`` for the problems of these numbers, (k, parameters), (k,)."""


def maximise(
    likelihood: Likelihood,
    start: np.ndarray,
    limit: Callable[[np.ndarray], np.ndarray],
    iterations: int,
    tolerance: float = 1e-3,
) -> tuple[np.ndarray, Expansion]:
    """Climb to the maxima of independent log-likelihoods.

    Parameters
    ----------
    start
        Shape (problems, parameters).
    limit
        Moves parameters (k, parameters) back to where the likelihood is defined.
    iterations
        Most steps; a problem that has not converged stays at the best point it found.
    tolerance
        A problem has converged when its next step promises to gain less log-likelihood than this.

    Returns
    -------
    parameters
        Shape (problems, parameters).
    expansion
        About them.
    """
    best = limit(np.array(start, np.float64))
    here = likelihood(best, np.arange(len(best)))
    value, gradient, information = (
        np.array(part) for part in (here.value, here.gradient, here.information)
    )
    damping = np.full(len(best), START)
    active = np.arange(len(best))
    for _ in range(iterations):
        step = _step(gradient[active], information[active], damping[active])
        gain = np.einsum("ei,ei->e", step, gradient[active])
        going = (gain > tolerance) & (damping[active] < LARGEST)
        active, step = active[going], step[going]
        if not len(active):
            break
        tried = limit(best[active] + step)
        there = likelihood(tried, active)
        better = there.value > value[active]
        moved = active[better]
        best[moved], value[moved] = tried[better], there.value[better]
        gradient[moved], information[moved] = there.gradient[better], there.information[better]
        damping[active] *= np.where(better, WEAKER, STRONGER)
    return best, Expansion(value, gradient, information)


def _step(gradient: np.ndarray, information: np.ndarray, damping: np.ndarray) -> np.ndarray:
    """Solve the damped equations, scaled to a unit diagonal against rounding."""
    scale = np.sqrt(np.diagonal(information, axis1=1, axis2=2))
    scaled = information / (scale[:, :, np.newaxis] * scale[:, np.newaxis])
    scaled += damping[:, np.newaxis, np.newaxis] * np.eye(gradient.shape[1])
    return np.linalg.solve(scaled, (gradient / scale)[..., np.newaxis])[..., 0] / scale
