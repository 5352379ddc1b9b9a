"""Mean signals against the published values and laws."""

import numpy as np
import pytest

from cascade.studies.showers.settings import SignalSettings
from cascade.studies.showers.simulation.signals import mean_signals

SETTINGS = SignalSettings()


@pytest.mark.parametrize(
    ("mass_number", "muonic", "electromagnetic"), [(1, 229.9, 330.9), (56, 336.7, 265.0)]
)
def test_published_values(mass_number, muonic, electromagnetic):
    found = mean_signals(1000.0, 500.0, 19.0, mass_number, SETTINGS)
    assert found == pytest.approx((muonic, electromagnetic), abs=0.06)


def test_slopes_in_distance():
    near, far = (np.array(mean_signals(r, 300.0, 18.7, 4, SETTINGS)) for r in (500.0, 2000.0))
    assert np.log(near / far) / np.log(4) == pytest.approx([4.7, 6.1])


def test_flat_inside_the_core_distance():
    assert mean_signals(1.0, 300.0, 18.5, 1, SETTINGS) == pytest.approx(
        mean_signals(150.0, 300.0, 18.5, 1, SETTINGS)
    )


def test_attenuation_is_limited_at_the_maximum():
    at, behind = (mean_signals(2000.0, x, 19.0, 1, SETTINGS) for x in (1e-12, 100.0))
    assert at == pytest.approx([10 * s for s in behind])


def test_the_limit_holds_for_the_sum_and_keeps_the_shares():
    free = mean_signals(100.0, 100.0, 20.0, 1, SignalSettings(limit=1e12))
    held = mean_signals(100.0, 100.0, 20.0, 1, SETTINGS)
    assert sum(free) > 1e7
    assert sum(held) == pytest.approx(1e7)
    assert held[0] / held[1] == pytest.approx(free[0] / free[1])
