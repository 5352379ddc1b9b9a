"""Relevance of rays: what lies on source rays is said to lie there."""

import numpy as np
import pytest

from cascade.errors import CascadeError
from cascade.events.schema import Field
from cascade.events.writing import writing
from cascade.plotting import style
from cascade.plotting.product import Inputs
from cascade.studies.skies.evidence import source_rays
from cascade.studies.skies.products.relevance import relevance_map
from cascade.studies.skies.settings import RelevanceMapSettings
from studies.skies.products.predicted import FIELDS, make_skies, write

NAMES = ("direction", "energy", "signal_fraction", "label", "ray_label")


def explain(path, skies):
    """Write relevance of which half lies on source rays."""
    truth = source_rays(skies)
    number = truth.sum(axis=1, keepdims=True)
    relevance = np.where(truth, 1 / np.maximum(number, 1), -1 / (truth.shape[1] - number))
    columns = {name: skies[name] for name in NAMES}
    columns |= {
        "explained": np.zeros(len(truth)), "evidence": truth, "random_share": truth.mean(axis=1),
        "lrp": relevance, "lrp_share": np.where(number[:, 0] > 0, 0.5, np.nan),
    }  # fmt: skip
    schema = [
        FIELDS.get(name) or Field(name, "1", name, ("ray",) * (values.ndim - 1))
        for name, values in columns.items()
    ]
    facts = {"study": "skies", "method": "net", "ways": "lrp", "content": "explanation"}
    with writing(path, schema, facts) as writer:
        writer.append(columns)


def test_maps_show_skies_of_either_kind_and_shares(tmp_path):
    skies = make_skies(60)
    explain(tmp_path / "net.h5", skies)
    write(tmp_path / "skies.h5", skies)
    explanations = {"deciding": tmp_path / "net.h5"}
    settings = RelevanceMapSettings(fractions=[0.1], edges=[0.0, 0.07, 0.2])
    inputs = Inputs(explanations=explanations, samples={"default": tmp_path / "skies.h5"})
    result = relevance_map(inputs, settings)
    style.save(result.figure, tmp_path / "figure.png")
    assert "stars" in result.caption
    assert "stars" not in relevance_map(Inputs(explanations=explanations), settings).caption
    table = {name: np.array(column, object) for name, column in result.table.items()}
    rays = table["shown"] == "relevance"
    shown = sorted(set(table["sky"][rays]))
    assert sorted(skies["label"][shown]) == [0, 1]
    for sky in shown:
        drawn = table["value"][rays & (table["sky"] == sky)].astype(float)
        np.testing.assert_array_equal(drawn > 0, skies["ray_label"][sky] == 1)
        assert np.abs(drawn).max() == 1
    assert set(table["value"][~rays]) == {0.5}
    write(tmp_path / "skies.h5", make_skies(60, seed=2))
    with pytest.raises(CascadeError, match="is of other skies than"):
        relevance_map(inputs, settings)
