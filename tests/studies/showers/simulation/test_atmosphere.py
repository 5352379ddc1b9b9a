"""The atmosphere against the check values of CORSIKA's model, and against itself."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cascade.studies.showers.simulation import atmosphere


@pytest.mark.parametrize(("height", "depth"), [(1400, 872.29), (1600, 851.09), (0, 1033.81)])
def test_published_depths(height, depth):
    assert atmosphere.vertical_depth(height) == pytest.approx(depth, abs=0.006)


@given(st.floats(0, 112_000))
def test_height_undoes_depth(height):
    assert atmosphere.height(atmosphere.vertical_depth(height)) == pytest.approx(height, abs=1e-3)


def test_depth_falls_with_height_and_ends():
    heights = np.linspace(0, 120_000, 10_001)
    depths = atmosphere.vertical_depth(heights)
    inside = heights < atmosphere.TOP
    assert (np.diff(depths[inside]) < 0).all()
    assert (depths[~inside] == 0).all()
    assert atmosphere.height(0.0) == pytest.approx(112_829.2)


def test_layers_meet():
    for border in atmosphere.BORDERS[1:]:
        below, above = atmosphere.vertical_depth(np.array([border - 1e-3, border + 1e-3]))
        assert below == pytest.approx(above, rel=1e-3)
