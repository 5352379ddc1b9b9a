"""Scores of explanations are those of the events, in every product that shows them."""

from __future__ import annotations

import numpy as np
import pytest

from cascade.errors import CascadeError
from cascade.plotting.attribution import read_scores
from cascade.plotting.overview import explanations
from cascade.plotting.pixel_flipping import pixel_flipping
from cascade.plotting.product import Inputs
from cascade.plotting.settings import FigureSettings
from cascade.plotting.truth_scores import truth_scores
from plotting.explained import EVENTS, write


@pytest.fixture
def path(tmp_path):
    return write(tmp_path / "why.h5")


def rows(table, **wanted):
    """Return the rows of a table with some values."""
    names = list(table)
    found = [dict(zip(names, row, strict=True)) for row in zip(*table.values(), strict=True)]
    return [row for row in found if all(row[key] == value for key, value in wanted.items())]


def test_scores_are_those_of_the_events(path):
    found = read_scores(path)
    good, blind = (found[way].measured() for way in ("good", "blind"))
    assert good["share"].events == EVENTS - 50
    assert good["share"].value == pytest.approx(0.75, abs=0.03)
    assert good["share"].error == pytest.approx(0.1 / np.sqrt(EVENTS - 50), rel=0.2)
    assert good["share"].significance > 40
    assert abs(blind["share"].significance) < 4
    # trapezoids of 0, 1, 1 and of 0, 1/2, 1
    assert good["flipping"].value == pytest.approx(0.75)
    assert good["flipping"].random == pytest.approx(0.5)
    assert abs(blind["flipping"].significance) < 4
    assert good["conservation"].value == pytest.approx(0.02)
    assert "conservation" not in blind


def test_truth_scores_show_all_that_was_measured(path):
    result = truth_scores(Inputs(explanations={"why": path}), FigureSettings())
    assert len(rows(result.table)) == 2 * 3 + 1
    assert result.metrics["good/share"].value == pytest.approx(0.75, abs=0.03)
    assert result.metrics["blind/randomised"].events == EVENTS
    for text in ("'perceptron'", "the nose", "200 events with", "Most significant: good"):
        assert text in result.caption


def test_networks_are_told_apart(path, tmp_path):
    other = write(tmp_path / "other.h5", method="other", flipping=False)
    result = truth_scores(Inputs(explanations={"a": path, "b": other}), FigureSettings())
    assert {"a/good/share", "b/good/share", "a/good/flipping"} <= set(result.metrics)
    assert "b/good/flipping" not in result.metrics


def test_flipping_curves_stand_beside_random_ones(path):
    result = pixel_flipping(Inputs(explanations={"why": path}), FigureSettings())
    (half,) = rows(result.table, way="good", fraction=0.5)
    assert half["value"] == pytest.approx(0)
    (random,) = rows(result.table, way="random", fraction=0.5)
    assert random["value"] == pytest.approx(1, abs=0.03)
    assert "those of another event" in result.caption


def test_an_overview_has_a_column_for_each_study(path, tmp_path):
    second = write(tmp_path / "second.h5", study="rings", method="net")
    result = explanations({"blobs/why": path, "rings/why": second})
    assert {row["study"] for row in rows(result.table)} == {"blobs", "rings"}
    share = result.metrics["blobs/why/good/share"]
    assert share.value > 40
    assert share.high - share.value == pytest.approx(1)
    assert "blobs: the nose" in result.caption


def test_what_cannot_be_shown_is_named(path, tmp_path):
    bare = write(tmp_path / "bare.h5", flipping=False)
    with pytest.raises(CascadeError, match="made without pixel flipping"):
        pixel_flipping(Inputs(explanations={"why": bare}), FigureSettings())
    for product in (pixel_flipping, truth_scores):
        with pytest.raises(CascadeError, match="shows at least one"):
            product(Inputs(), FigureSettings())
