import numpy as np
import pytest
from matplotlib.colors import Normalize

from cascade.plotting import style
from cascade.plotting.footprint import (
    Footprint,
    diameter,
    draw_array,
    draw_footprint,
    hexagons,
    zoom,
)


def test_cells_of_neighbours_share_a_side():
    sites = np.array([[0.0, 0.0], [1.5, 0.0], [0.75, 1.5 * np.sqrt(0.75)]])
    cells = hexagons(sites, 1.5)
    for other in (1, 2):
        distance = np.linalg.norm(cells[0][:, np.newaxis] - cells[other], axis=-1)
        assert (distance < 1e-12).sum() == 2


def test_discs_grow_with_the_logarithm_of_the_signal():
    steps = np.diff(diameter(np.array([10.0, 100.0, 1000.0])))
    assert steps[0] == pytest.approx(steps[1])
    assert diameter(np.array([-3.0])) > 0  # less than the noise


def test_small_discs_lie_on_large_ones_and_all_are_in_view():
    panel = style.subplots()[1][0, 0]
    sites = np.stack(np.meshgrid([-1.5, 0, 1.5], [-1.5, 0, 1.5]), -1).reshape(-1, 2)
    event = Footprint(sites[[4, 5]], np.array([20.0, 900.0]), np.array([1.0, 0.0]))
    draw_array(panel, sites, 1.5)
    draw_footprint(panel, event, Normalize(0, 1))
    zoom(panel, [event], 1.0)
    sizes = panel.collections[-1].get_sizes()
    assert sizes[0] > sizes[1]
    (low, high), (south, north) = panel.get_xlim(), panel.get_ylim()
    assert low <= -1
    assert high >= 2.5
    assert high - low == pytest.approx(north - south)
