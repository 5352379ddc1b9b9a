"""From the coordinates of a user's file to the frame of the array: x along its rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cascade.studies.showers.settings.ingest import RootSettings

METRES = {"m": 1.0, "km": 1e3}


@dataclass(frozen=True)
class Frame:
    """The array's frame in the file's coordinates.

    Attributes
    ----------
    centre
        Of the array [m] (3,).
    rotation
        From the file's x axis to the array's rows, counter-clockwise [rad].
    """

    centre: np.ndarray
    rotation: float

    @classmethod
    def of(cls, settings: RootSettings) -> Frame:
        """Return the frame that the settings describe."""
        centre = np.array(settings.centre) * METRES[settings.units.length]
        return cls(centre, np.radians(settings.rotation))

    def place(self, where: np.ndarray) -> np.ndarray:
        """Return positions (n, 2 or 3) of the file [m] in the array's frame."""
        return self.turn(where - self.centre[: where.shape[1]])

    def turn(self, vectors: np.ndarray) -> np.ndarray:
        """Return vectors (n, 2 or 3) of the file in the array's frame."""
        cosine, sine = np.cos(self.rotation), np.sin(self.rotation)
        x, y = vectors[:, 0], vectors[:, 1]
        level = np.stack([cosine * x + sine * y, cosine * y - sine * x], axis=1)
        return np.concatenate([level, vectors[:, 2:]], axis=1)
