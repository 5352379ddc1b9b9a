import numpy as np
import pytest

from cascade.plotting import style
from cascade.plotting.correlation import count_norm, counts, draw_counts
from cascade.plotting.resolution import (
    SPREAD,
    Curve,
    angle_axis,
    draw_curves,
    draw_ranges,
    limit_resolution,
)

EDGES = np.array([0.0, 1.0, 2.0])


def curve(label, value, reference=False, look=0):
    value = np.array(value)
    return Curve(label, value, value - 0.1, value + 0.2, look, reference)


def panel():
    figure, axes = style.subplots()
    return figure, axes[0, 0]


def test_points_lie_within_their_bins_and_apart():
    _, axes = panel()
    draw_curves(axes, EDGES, [curve(str(look), [1, 2], look=look) for look in range(8)])
    places = np.array([line.lines[0].get_xdata() for line in axes.containers])
    assert len(np.unique(places)) == 16
    assert np.abs(places - [0.5, 1.5]).max() == pytest.approx(SPREAD / 2)


def test_a_single_curve_lies_in_the_middle():
    _, axes = panel()
    draw_curves(axes, EDGES, [curve("only", [1, np.nan])])
    np.testing.assert_allclose(axes.containers[0].lines[0].get_xdata(), [0.5, 1.5])


def test_a_reference_is_drawn_without_symbols():
    _, axes = panel()
    draw_curves(axes, EDGES, [curve("points", [1, 2]), curve("line", [2, 1], reference=True)])
    assert len(axes.containers) == 1
    assert set(axes.get_legend_handles_labels()[1]) == {"line", "points"}


def test_ranges_stand_at_their_points():
    _, axes = panel()
    curves = [curve("a", [1, 2]), curve("b", [2, 3], look=1), curve("line", [2, 1], reference=True)]
    draw_curves(axes, EDGES, curves)
    draw_ranges(axes, EDGES, curves)
    points = [line.lines[0].get_xdata() for line in axes.containers]
    bars = [part for part in axes.collections if len(part.get_segments()) == 2][-2:]
    for x, part in zip(points, bars, strict=True):
        np.testing.assert_array_equal([segment[0, 0] for segment in part.get_segments()], x)
    low, high = bars[0].get_segments()[0][:, 1]
    assert (low, high) == (pytest.approx(0.9), pytest.approx(1.2))


@pytest.mark.parametrize(("values", "zero"), [([1, 3], True), ([9, 10], False)])
def test_the_axis_starts_at_zero_unless_that_wastes_it(values, zero):
    _, axes = panel()
    draw_curves(axes, EDGES, [curve("a", values)])
    limit_resolution(axes)
    low = axes.get_ylim()[0]
    assert low == 0 if zero else low > 5


def test_angles_stand_where_their_flux_is():
    _, axes = panel()
    axes.set_xlim(0, 0.75)
    angle_axis(axes, 60)
    assert [label.get_text() for label in axes.get_xticklabels()][-1] == "60"
    assert axes.get_xticks()[-1] == pytest.approx(0.75)


def test_counts_are_true_by_predicted():
    edges = np.array([0.0, 1.0, 2.0])
    found = counts(np.array([0.5, 0.5, 1.5, 9]), np.array([1.5, 0.5, 1.5, 0.5]), edges)
    assert found.tolist() == [[1, 1], [0, 1]]
    _, axes = panel()
    draw_counts(axes, found, edges, count_norm([found]))
    assert axes.get_xlim() == axes.get_ylim() == (0, 2)
    # empty bins stay white
    assert axes.collections[0].get_array().mask.sum() == 1
