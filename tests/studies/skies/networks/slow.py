"""Where rays are, as seen from others: in plain trigonometry, in double precision."""

from __future__ import annotations

import math

import numpy as np


def units(direction):
    """Return directions (N, 3) of length 1 in double precision, from a tensor."""
    values = direction.double().numpy()
    return values / np.linalg.norm(values, axis=1, keepdims=True)


def angle_and_azimuth(here, there):
    """Return the angle [deg] between two directions, and the azimuth from east to north."""
    right_ascension, declination = math.atan2(here[1], here[0]), math.asin(here[2])
    other_ascension, other_declination = math.atan2(there[1], there[0]), math.asin(there[2])
    difference = other_ascension - right_ascension
    east = math.cos(other_declination) * math.sin(difference)
    north = math.cos(declination) * math.sin(other_declination) - (
        math.sin(declination) * math.cos(other_declination) * math.cos(difference)
    )
    up = math.sin(declination) * math.sin(other_declination) + (
        math.cos(declination) * math.cos(other_declination) * math.cos(difference)
    )
    return math.degrees(math.atan2(math.hypot(east, north), up)), math.atan2(north, east)
