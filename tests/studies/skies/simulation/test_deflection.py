"""Coherent deflection: the field's statistics, and drifts against finer integration."""

from __future__ import annotations

import numpy as np
import pytest

from cascade.studies.skies.simulation.deflection import SMALL, draw_fields, drift, evaluate
from cascade.studies.skies.simulation.sphere import isotropic

N = 2000


def strength(pointers):
    """Undo the scaling that makes pointers about 1 long."""
    length2 = (pointers**2).sum(axis=1)
    return SMALL * np.sqrt(length2 / (1 - length2))


def angle(first, second):
    return 2 * np.arcsin(np.linalg.norm(first - second, axis=1) / 2)


@pytest.fixture(scope="module")
def start():
    rng = np.random.default_rng(1)
    return draw_fields(rng, N), isotropic(rng, (N,))


def fine(directions, field, length, steps=300):
    """Integrate with steps that are small, by Runge and Kutta's formula in space."""
    step = (length / steps)[:, None]
    for _ in range(steps):
        one = evaluate(field, directions)
        two = evaluate(field, directions + step / 2 * one)
        three = evaluate(field, directions + step / 2 * two)
        four = evaluate(field, directions + step * three)
        directions = directions + step / 6 * (one + 2 * two + 2 * three + four)
        directions /= np.linalg.norm(directions, axis=1)[:, None]
    return directions


def test_the_field_is_tangent_and_has_a_root_mean_square_of_one(start):
    field, directions = start
    pointers = evaluate(field, directions)
    assert np.abs(np.sum(pointers * directions, axis=1)).max() < 1e-12
    square = strength(pointers) ** 2
    assert square.mean() == pytest.approx(1, abs=4 * square.std() / np.sqrt(N))
    # the same at any place of the sky
    for axis in np.eye(3):
        there = strength(evaluate(field, np.tile(axis, (N, 1)))) ** 2
        assert there.mean() == pytest.approx(1, abs=4 * there.std() / np.sqrt(N))


def test_pointers_are_one_long_but_near_zeros(start):
    pointers = evaluate(*start)
    length = np.linalg.norm(pointers, axis=1)
    assert length.max() < 1
    assert np.median(length) == pytest.approx(1, abs=0.02)
    nothing = evaluate(np.zeros((1, 3, 4)), np.array([[0.0, 0.0, 1.0]]))
    assert (nothing == 0).all()


@pytest.mark.parametrize(("degrees", "error"), [(5, 0.002), (15, 0.03), (30, 0.3)])
def test_drifts_follow_the_flow_lines(start, degrees, error):
    field, directions = start
    length = np.full(N, np.radians(degrees))
    off = np.degrees(angle(drift(directions, field, length), fine(directions, field, length)))
    assert np.quantile(off, 0.95) < error
    assert np.allclose(np.linalg.norm(drift(directions, field, length), axis=1), 1)


def test_small_drifts_are_proportional_to_one_over_rigidity(start):
    field, directions = start
    length = np.radians(4.0)
    whole = drift(directions, field, np.full(N, length))
    half = drift(directions, field, np.full(N, length / 2))
    moved, part = angle(whole, directions), angle(half, directions)
    assert np.quantile(np.abs(part / moved - 0.5), 0.95) < 0.01
    pointers = np.linalg.norm(evaluate(field, directions), axis=1)
    assert np.quantile(np.abs(moved / (pointers * length) - 1), 0.9) < 0.02


def test_a_drift_of_nothing_and_a_drift_there_and_back(start):
    field, directions = start
    assert drift(directions, field, np.zeros(N)) == pytest.approx(directions, abs=1e-12)
    there = drift(directions, field, np.full(N, np.radians(10.0)))
    back = drift(there, -field, np.full(N, np.radians(10.0)))
    assert np.quantile(np.degrees(angle(back, directions)), 0.95) < 0.05


def test_rays_of_one_source_lie_on_an_arc_in_the_order_of_rigidity(start):
    """The slower a ray, the farther along one line: no ray overtakes, none leaves the line."""
    rigidity = np.linspace(10, 60, 12)[::-1]
    lengths = np.radians(30.0 * 10 / rigidity)
    overtaken, off = 0, []
    for field, source in zip(*(part[:50] for part in start), strict=True):
        many = np.broadcast_to(field, (12, 3, 4))
        arc = drift(np.tile(source, (12, 1)), many, lengths)
        along = np.concatenate([[0], np.cumsum(angle(arc[1:], arc[:-1]))])
        overtaken += np.sum(np.diff(along) <= 0)
        line = fine(np.tile(source, (12, 1)), many, lengths, steps=100)
        off.append(np.degrees(angle(arc, line)).max())
    assert overtaken == 0
    assert np.median(off) < 0.05
