"""How good an attribution is, over events: its share on the truth, and what it costs to flip it.

What is measured of each event is kept, so that means, errors and significances come from events.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


def standard_error(values: np.ndarray) -> np.float64:
    """Return the standard error of the mean of events."""
    return values.std(ddof=1) / np.sqrt(len(values))


def _over(mean: float, error: float) -> float:
    with np.errstate(divide="ignore", invalid="ignore"):
        return float(np.divide(mean, error))


@dataclass(frozen=True)
class RelevanceMass:
    """Share of the relevance that lies on the truth.

    Attributes
    ----------
    shares
        Of each event, (B,); NaN where an event says nothing: it has no relevance, no truth, or
        nothing else.
    random_shares
        What any order that knows nothing gets: the share of the elements that are true, (B,).
    """

    shares: np.ndarray
    random_shares: np.ndarray

    def _told(self, values: np.ndarray) -> np.ndarray:
        return values[np.isfinite(self.shares)].astype(np.float64)

    @property
    def events(self) -> int:
        """Number of events that say something."""
        return int(np.isfinite(self.shares).sum())

    @property
    def share(self) -> float:
        """Mean over the events that say something; NaN if there are fewer than two."""
        return float(self._told(self.shares).mean()) if self.events > 1 else float("nan")

    @property
    def error(self) -> float:
        """Standard error of the mean."""
        return float(standard_error(self._told(self.shares))) if self.events > 1 else float("nan")

    @property
    def random(self) -> float:
        """Mean of the random shares over the same events."""
        return float(self._told(self.random_shares).mean()) if self.events > 1 else float("nan")

    @property
    def significance(self) -> float:
        """(share − random) over the standard error of this difference, event by event.

        Not finite if all events agree.
        """
        if self.events < 2:
            return float("nan")
        difference = self._told(self.shares) - self._told(self.random_shares)
        return _over(difference.mean(), standard_error(difference))


@dataclass(frozen=True)
class PixelFlipping:
    """Scores of events whose elements are replaced, the most relevant first or in random order.

    Attributes
    ----------
    fractions
        Shares of the elements that were replaced, ascending from 0, (F,).
    curves
        Score of each event, (B, F).
    random_curves
        The same in random orders, (B, orders, F).
    """

    fractions: np.ndarray
    curves: np.ndarray
    random_curves: np.ndarray

    @property
    def curve(self) -> np.ndarray:
        """Mean score, (F,)."""
        return self.curves.mean(axis=0)

    @property
    def error(self) -> np.ndarray:
        """Its standard error, (F,)."""
        return self.curves.std(axis=0, ddof=1) / np.sqrt(len(self.curves))

    @property
    def random(self) -> np.ndarray:
        """Mean score in random order, (F,)."""
        return self.random_curves.mean(axis=(0, 1))

    @property
    def random_spread(self) -> np.ndarray:
        """Standard deviation of the mean score over the random orders, (F,)."""
        return self.random_curves.mean(axis=0).std(axis=0)

    def _areas(self, curves: np.ndarray) -> np.ndarray:
        """Return the area over curves (…, F), divided by the width."""
        lost = curves[..., :1] - curves
        return np.trapezoid(lost, self.fractions, axis=-1) / self.fractions[-1]

    @property
    def _differences(self) -> np.ndarray:
        return self._areas(self.curves) - self._areas(self.random_curves).mean(axis=1)

    @property
    def area(self) -> float:
        """Area over the mean curve, divided by the width."""
        return float(self._areas(self.curves).mean())

    @property
    def random_area(self) -> float:
        """The same in random order."""
        return float(self._areas(self.random_curves).mean())

    @property
    def area_error(self) -> float:
        """Standard error of the difference of the areas, event by event."""
        return float(standard_error(self._differences))

    @property
    def significance(self) -> float:
        """The difference of the areas over its error."""
        return _over(self._differences.mean(), self.area_error)
