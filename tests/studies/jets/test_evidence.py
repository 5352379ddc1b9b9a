"""The truth lies where the preprocessing has put the subjets, on pixels that hold energy."""

from __future__ import annotations

import awkward as ak
import numpy as np
import pytest

from cascade.studies.jets.evidence import RADIUS, pixel_centres, subjet_axes, subjets
from cascade.studies.jets.observables import describe
from cascade.studies.jets.settings import Selection


def test_axes_are_the_middle_and_below_it():
    axes = subjet_axes(np.array([0.6, 0.0]))
    np.testing.assert_array_equal(axes[0], [[0, 0], [0, -0.6]])
    np.testing.assert_array_equal(axes[1], [[0, 0], [np.nan, np.nan]])


def test_centres_are_those_of_pixels():
    eta, phi = pixel_centres(25, 1.25)
    assert eta[0, 0] == pytest.approx(-1.2)
    assert eta[12, 3] == pytest.approx(0)
    assert phi[3, 13] == pytest.approx(0.1)


def test_pixels_near_subjets_are_true_and_empty_ones_do_not_count():
    image = np.ones((2, 25, 25), np.float32)
    image[:, :5] = 0
    found = subjets({"image": image, "delta_r": np.array([0.6, 0.0], np.float32)})
    assert found.dtype == np.int8
    assert (found[:, :5] == -1).all()
    # the nine pixels about each axis: all with centres within 0.15
    for jet, centres in enumerate([[(12, 12), (12, 6)], [(12, 12)]]):
        true = np.zeros((25, 25), bool)
        for x, y in centres:
            true[x - 1 : x + 2, y - 1 : y + 2] = True
        np.testing.assert_array_equal(found[jet] == 1, true)
        assert (found[jet][5:][~true[5:]] == 0).all()


def test_most_energy_of_two_prongs_is_evidence():
    rng = np.random.default_rng(1)
    jets = []
    for angle in rng.uniform(0, 2 * np.pi, 40):
        prong = np.arange(24) % 2
        axis = 0.6 * prong[:, None] * [np.cos(angle), np.sin(angle)] + [0.3, 1.0]
        energy = np.where(np.arange(24) < 2, 60, 1.5)
        jets.append(np.column_stack([energy, axis + rng.normal(0, 0.04, (24, 2))]))
    events = describe(ak.Array([jet.tolist() for jet in jets]), Selection())
    found = subjets(events)
    image = events["image"]
    assert (image * (found == 1)).sum() / image.sum() > 0.9
    assert RADIUS == 0.15
