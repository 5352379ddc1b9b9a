import itertools

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.colors import to_rgb

from cascade.plotting import style


@style.styled
def draw():
    figure, axes = style.subplots()
    axes[0, 0].plot([0, 1], [0, 1], label="a line")
    axes[0, 0].set_xlabel(r"$p_\mathrm{T}$ [GeV]")
    style.legend_below(figure, axes[0, 0])
    return figure


@pytest.mark.parametrize("kind", ["pdf", "png"])
def test_the_same_figure_is_saved_byte_for_byte(tmp_path, kind):
    paths = [tmp_path / f"{name}.{kind}" for name in ("first", "second")]
    for path in paths:
        style.save(draw(), path)
    first, second = (path.read_bytes() for path in paths)
    assert first == second
    assert b"CreationDate" not in first
    assert b"Matplotlib v" not in first


def test_the_user_s_own_style_changes_nothing_and_is_not_changed(tmp_path):
    style.save(draw(), tmp_path / "plain.png")
    with mpl.rc_context({"font.size": 30, "axes.facecolor": "yellow"}):
        style.save(draw(), tmp_path / "loud.png")
        assert mpl.rcParams["font.size"] == 30
    assert (tmp_path / "plain.png").read_bytes() == (tmp_path / "loud.png").read_bytes()


def test_no_two_lines_look_alike_in_colour_or_neighbours_in_grey():
    looks = [style.line(index) for index in range(28)]
    assert len({str(look) for look in looks}) == 28
    for first, second in itertools.pairwise(looks):
        assert first["linestyle"] != second["linestyle"]


@pytest.mark.parametrize("colours", [style.INTENSITY, style.DIVERGING])
def test_colour_maps_keep_their_order_in_grey(colours):
    grey = np.array([to_rgb(c) for c in colours(np.linspace(0, 1, 101))]) @ [0.299, 0.587, 0.114]
    half = grey if colours is style.INTENSITY else grey[50:]
    assert (np.diff(half) < 0).all()
    if colours is style.DIVERGING:
        assert (np.diff(grey[:51]) > 0).all()


@pytest.mark.parametrize("panels", range(1, 14))
def test_a_grid_has_room_and_no_empty_row(panels):
    rows, columns = style.grid(panels)
    assert rows * columns >= panels > (rows - 1) * columns
    assert columns <= 4


def test_a_legend_is_never_wider_than_its_figure():
    figure, axes = style.subplots()
    for index in range(11):
        axes[0, 0].plot([0, 1], label=f"a network with a rather long name, number {index}")
    style.legend_below(figure, axes[0, 0])
    (legend,) = figure.legends
    assert legend.get_window_extent().width <= figure.bbox.width


def test_no_two_symbols_look_alike_and_none_is_black():
    looks = [style.symbol(index) for index in range(24)]
    assert len({str(look) for look in looks}) == 24
    assert all(look["color"] != style.BLACK for look in looks)
    for first, second in itertools.pairwise(looks):
        assert first["marker"] != second["marker"]


def test_one_legend_serves_several_axes():
    figure, axes = style.subplots(1, 2)
    axes[0, 0].plot([0, 1], label="both")
    axes[0, 1].plot([0, 1], label="both")
    axes[0, 1].plot([1, 0], label="right alone")
    style.legend_below(figure, axes)
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["both", "right alone"]
