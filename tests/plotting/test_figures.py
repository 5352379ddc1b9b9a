import numpy as np
import pytest

from cascade.plotting import style
from cascade.plotting.filters import draw_filters
from cascade.plotting.history import draw_losses, loss_limits
from cascade.plotting.images import draw_image, image_grid, intensity_norm, signed_norm
from cascade.plotting.points import draw_rows, draw_series
from cascade.plotting.roc import Curve, draw_rejection


def axes():
    return style.subplots()[1][0, 0]


def test_infinite_rejections_are_not_drawn_but_do_not_break_the_frame():
    grid = np.linspace(0.1, 1, 10)
    rejection = np.append(np.full(3, np.inf), 1 / grid[3:] ** 3)
    panel = axes()
    draw_rejection(panel, [Curve("best", grid, rejection, rejection / 2, rejection * np.inf)])
    drawn = panel.lines[0].get_ydata()
    assert np.isfinite(drawn).all()
    assert len(drawn) == 7
    low, high = panel.get_ylim()
    assert low == 1
    assert drawn.max() < high < np.inf


def test_an_image_s_first_axis_runs_to_the_right():
    image = np.zeros((4, 4))
    image[3, 0] = 1  # large x, small y
    panel = axes()
    draw_image(panel, image, 1.25, intensity_norm([image]))
    (drawn,) = panel.images
    assert drawn.origin == "lower"
    assert drawn.get_array()[0, 3] == 1
    assert list(drawn.get_extent()) == [-1.25, 1.25, -1.25, 1.25]


def test_scales_hold_their_images():
    images = [np.array([[0.0, 10.0]]), np.array([[np.nan, 100.0]])]
    assert (intensity_norm(images, 3).vmin, intensity_norm(images, 3).vmax) == (0.1, 100)
    norm = signed_norm([np.array([[-3.0, np.nan]]), np.array([[2.0, 1.0]])])
    assert (norm.vmin, norm.vmax) == (-3, 3)
    # nothing to show is no error
    assert intensity_norm([np.zeros((2, 2))]).vmax == 1
    assert signed_norm([np.full((2, 2), np.nan)]).vmax == 1


@pytest.mark.parametrize("panels", [1, 2, 5, 11])
def test_spare_panels_are_hidden(panels):
    _, grid = image_grid(panels)
    assert sum(panel.axison for panel in grid.flat) == panels


def test_losses_mark_the_lowest_validation_loss():
    panel = axes()
    history = {
        "epoch": np.arange(1.0, 5),
        "train_loss": np.array([9.0, 3, 2, 1]),
        "validation_loss": np.array([4.0, 2.5, np.nan, 3]),
    }
    draw_losses(panel, history)
    assert panel.lines[-1].get_xydata().tolist() == [[2, 2.5]]


@pytest.mark.parametrize(("first", "inside"), [(1.2, True), (50.0, False)])
def test_only_a_towering_first_training_loss_leaves_the_frame(first, inside):
    history = {
        "train_loss": np.array([first, 0.6, 0.5]),
        "validation_loss": np.array([0.8, 0.7, 0.65]),
    }
    low, high = loss_limits([history])
    assert low < 0.5
    assert high > 0.7
    assert (high > first) == inside


def test_a_history_without_numbers_has_limits():
    assert loss_limits([{"validation_loss": np.full(3, np.nan)}]) == pytest.approx((-0.06, 1.06))


def test_rows_and_series_draw_their_intervals():
    values = np.array([1.0, np.nan, 3.0])
    for draw in (
        lambda panel: draw_rows(panel, values, (values - 0.1, values + 0.2), 0),
        lambda panel: draw_series(panel, np.array([3, 1, 2]), values, (values - 1, values + 1)),
    ):
        panel = axes()
        draw(panel)
        assert panel.containers


def test_filters_get_a_panel_each():
    figure = draw_filters(np.random.default_rng(1).normal(size=(10, 3, 3)))
    assert sum(bool(panel.images) for panel in figure.axes) == 10
