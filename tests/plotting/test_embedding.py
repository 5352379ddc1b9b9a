"""The plane of t-SNE is shown as it is, coloured by classes or by a scale."""

from __future__ import annotations

import numpy as np
import pytest

from cascade.errors import CascadeError
from cascade.events import hdf5
from cascade.plotting.embedding import embedding
from cascade.plotting.product import Inputs
from cascade.plotting.settings import EmbeddingFigureSettings
from plotting.explained import write


def test_classes_have_a_legend_and_numbers_a_scale(tmp_path):
    path = write(tmp_path / "why.h5")
    settings = EmbeddingFigureSettings(colours={"label": "class", "height": "height [m]"})
    result = embedding(Inputs(explanations={"why": path}), settings)
    columns = hdf5.read(path, ["embedding", "height"])
    np.testing.assert_allclose(result.table["x"], columns["embedding"][:, 0])
    np.testing.assert_allclose(result.table["height"], columns["height"])
    first, second, bar = result.figure.axes
    assert [text.get_text() for text in first.get_legend().get_texts()] == ["0", "1"]
    assert second.get_legend() is None
    assert bar.get_xlabel() == "height [m]"


def test_a_field_that_is_not_there_is_named(tmp_path):
    path = write(tmp_path / "why.h5")
    with pytest.raises(CascadeError, match=r"no field 'heigt'; did you mean 'height'"):
        embedding(
            Inputs(explanations={"why": path}), EmbeddingFigureSettings(colours={"heigt": "h"})
        )
