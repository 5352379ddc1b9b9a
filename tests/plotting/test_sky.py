import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cascade.plotting import sky, style

ANGLES = st.floats(0.001, 359.999), st.floats(-89.9, 89.9)


def axes():
    return style.subplots()[1][0, 0]


def unit(right_ascension, declination):
    a, d = np.radians([right_ascension, declination])
    return np.array([np.cos(d) * np.cos(a), np.cos(d) * np.sin(a), np.sin(d)])


def directions(number, seed=1):
    vectors = np.random.default_rng(seed).normal(size=(number, 3))
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@given(*ANGLES)
def test_coordinates_are_those_of_the_vector(right_ascension, declination):
    found = sky.coordinates(unit(right_ascension, declination))
    np.testing.assert_allclose(found, (right_ascension, declination), atol=1e-9)


@given(*ANGLES)
def test_the_map_keeps_areas(right_ascension, declination):
    step = 1e-4
    points = [(0, 0), (step, 0), (0, step)]
    (x0, y0), (x1, y1), (x2, y2) = (
        sky.hammer(right_ascension + a, declination + d) for a, d in points
    )
    area = abs((x1 - x0) * (y2 - y0) - (x2 - x0) * (y1 - y0))
    expected = np.radians(step) ** 2 * np.cos(np.radians(declination))
    assert area == pytest.approx(expected, rel=1e-3)


@given(*ANGLES)
def test_the_map_is_an_ellipse(right_ascension, declination):
    x, y = sky.hammer(right_ascension, declination)
    assert (x / sky.HALF_WIDTH) ** 2 + (y / sky.HALF_HEIGHT) ** 2 <= 1 + 1e-12


def test_right_ascension_grows_to_the_left_about_the_middle():
    x, y = sky.hammer(np.array([0, 90, 180, 270, 360]), np.zeros(5))
    assert (np.diff(x) < 0).all()
    assert x[0] == pytest.approx(sky.HALF_WIDTH)
    assert x[-1] == pytest.approx(-sky.HALF_WIDTH)
    np.testing.assert_allclose(y, 0)


def test_arcs_are_great_circles_of_even_steps():
    start, end = directions(50), directions(50, 2)
    arcs = sky.great_circle(start, end, 11)
    np.testing.assert_allclose(np.linalg.norm(arcs, axis=-1), 1)
    np.testing.assert_allclose(arcs[:, 0], start, atol=1e-12)
    np.testing.assert_allclose(arcs[:, -1], end, atol=1e-12)
    steps = np.sum(arcs[:, 1:] * arcs[:, :-1], axis=-1)
    np.testing.assert_allclose(steps, np.repeat(steps[:, :1], 10, axis=1))
    # all points lie in the plane of both ends
    np.testing.assert_allclose(np.einsum("npc,nc->np", arcs, np.cross(start, end)), 0, atol=1e-12)


def test_an_arc_of_no_length_stays_where_it_is():
    point = directions(1)
    np.testing.assert_allclose(sky.great_circle(point, point, 3), np.repeat(point[None], 3, 1))


def test_a_line_over_the_edge_is_cut_there():
    panel = axes()
    start, end = np.array([unit(20, 10), unit(150, 0)]), np.array([unit(340, -5), unit(200, 20)])
    sky.draw_arcs(panel, start, end)
    (lines,) = panel.collections
    pieces = lines.get_segments()
    assert len(pieces) == 3
    assert max(np.abs(np.diff(piece[:, 0])).max() for piece in pieces) < 0.5


def test_the_highest_rays_lie_on_top():
    panel = axes()
    values = np.array([3.0, 1.0, 2.0])
    drawn = sky.draw_rays(panel, directions(3), values, sky.energy_norm(values), values)
    assert list(drawn.get_array()) == [1, 2, 3]
    assert list(drawn.get_sizes()) == [1, 2, 3]
    expected = np.stack(sky.project(directions(3)), axis=-1)[[1, 2, 0]]
    np.testing.assert_allclose(drawn.get_offsets(), expected)


def test_sizes_and_colours_hold_all_energies():
    energy = np.array([40.0, 400.0, 4e6])
    np.testing.assert_allclose(sky.ray_sizes(energy), [4, 30, 40])
    norm = sky.energy_norm(energy[:2], np.array([32.0]))
    assert (norm.vmin, norm.vmax) == (32, 400)
    assert sky.energy_norm(np.full(3, 50.0)).vmax > 50


def test_a_frame_names_its_lines():
    panel = axes()
    sky.draw_frame(panel)
    assert {text.get_text() for text in panel.texts} >= {"180°", "−30°", "0°"}
    without = axes()
    sky.draw_frame(without, names=False)
    assert not without.texts
