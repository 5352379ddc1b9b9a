import json

import awkward as ak
import numpy as np
import pytest

from cascade.errors import CascadeError
from cascade.events import hdf5
from cascade.events.schema import Field
from cascade.events.writing import writing
from cascade.plotting.product import Inputs
from cascade.studies.showers.evidence import earliest
from cascade.studies.showers.products.explained import read_explanation, summed
from cascade.studies.showers.products.footprint_relevance import footprint_relevance, read_told
from cascade.studies.showers.products.relevance_profiles import (
    over,
    read_stations,
    relevance_over_distance,
)
from cascade.studies.showers.settings import (
    FootprintRelevanceSettings,
    RelevanceProfilesSettings,
    ShowerSettings,
)
from cascade.studies.showers.simulation.simulate import draw
from studies.showers.products.predicted import FIELDS

ELEMENTS = ("station", "time_bin")


def write(path, without=()):
    """Write an explanation whose ways are known: all alike, the signal itself, and its loss."""
    events = draw(np.random.default_rng(6), 150, ShowerSettings(min_stations=3))
    events = {name: values for name, values in events.items() if name not in without}
    signal = events["trace"] - 1.2
    columns = {"saliency": ak.ones_like(signal), "lrp": signal, "grad_cam": -signal}
    columns["embedding"] = np.zeros((150, 2), np.float32)
    schema = [FIELDS[name] for name in events]
    schema += [
        Field(name, "1", name, ELEMENTS if name != "embedding" else ("xy",),
              ragged=name != "embedding")
        for name in columns
    ]  # fmt: skip
    schema.append(Field("evidence", "1", "truth", ELEMENTS, "int8", ragged=True))
    columns["evidence"] = earliest(events)
    facts = {"study": "showers", "method": "hexagonal", "ways": "embedding saliency lrp grad_cam"}
    facts["settings"] = json.dumps({"number": "x_max"})
    with writing(path, schema, facts) as writer:
        writer.append({**events, **columns})
    return path


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    path = write(tmp_path_factory.mktemp("explained") / "deciding.h5")
    return Inputs(explanations={"deciding": path})


def test_shares_of_an_event_add_up_to_one(inputs):
    explanation = read_explanation(inputs, [], {"hexagonal": "hexes"}, 6)
    assert (explanation.network, explanation.number) == ("hexes", "X_max")
    assert list(explanation.ways) == ["saliency", "lrp", "grad_cam"]
    (path,) = inputs.explanations.values()
    number = ak.to_numpy(ak.num(hdf5.read(path, ("lrp",))["lrp"], axis=1))
    for shares in explanation.relevance().values():
        total = summed(np.abs(shares).sum(axis=1), number)
        np.testing.assert_allclose(total, 1, rtol=1e-5)
    told = read_told(explanation, 3)
    np.testing.assert_allclose(told.relevance["saliency"], 1 / told.evidence.size, rtol=1e-6)
    np.testing.assert_allclose(told.relevance["grad_cam"], -told.relevance["lrp"])
    assert told.relevance["lrp"][told.hottest].sum() == told.relevance["lrp"].sum(axis=1).max()


def test_relevance_that_is_the_signal_lies_where_the_signal_is(inputs):
    explanation = read_explanation(inputs, ["lrp", "saliency"], {}, 6)
    stations = read_stations(explanation)
    # but for noise below the pedestal
    close = np.abs(stations.shares["lrp"].sum(axis=1) - stations.shares["signal"].sum(axis=1))
    assert np.median(close) < 0.02
    result = relevance_over_distance(inputs, RelevanceProfilesSettings(ways=["lrp", "saliency"]))
    hottest = {name: number.value for name, number in result.metrics.items()}
    assert hottest["hexagonal/lrp_on_hottest"] > 0.9
    expected = np.mean(np.minimum(3 / stations.number, 1))
    assert hottest["hexagonal/saliency_on_hottest"] == pytest.approx(expected, rel=1e-5)
    table = {name: np.asarray(values) for name, values in result.table.items()}
    flat = (table["over"] == "time_ns") & (table["of"] == "saliency")
    np.testing.assert_allclose(table["share"][flat], expected / 80, rtol=1e-5)
    assert "150 air showers" in result.caption
    assert len(result.figure.axes) == 2


def test_the_distance_is_that_from_the_axis(inputs):
    from cascade.studies.showers.products.display import axis_distance

    explanation = read_explanation(inputs, [], {}, 6)
    stations = read_stations(explanation)
    told = read_told(explanation, 0)
    np.testing.assert_allclose(
        stations.distance[: stations.number[0]], axis_distance(told.shower), atol=1e-3
    )


def test_a_mean_over_bins_has_its_error():
    x, values = np.array([0.5, 0.5, 1.5, 9.0]), np.array([1.0, 3.0, 5.0, 7.0])
    profile = over(x, values, np.array([0.0, 1.0, 2.0]), least=2)
    np.testing.assert_allclose(profile.mean, [2, np.nan])
    np.testing.assert_allclose(profile.error, [1, np.nan])


@pytest.mark.parametrize("without", [(), ("station",)])
def test_a_few_showers_are_drawn_with_their_truth(inputs, tmp_path, without):
    if without:  # networks that are not on a grid
        inputs = Inputs(explanations={"deciding": write(tmp_path / "graph.h5", without)})
    settings = FootprintRelevanceSettings(ways=["lrp", "grad_cam"], lg_energies=[19.0, 19.6])
    result = footprint_relevance(inputs, settings)
    assert len(result.figure.axes) == 2 * 2 * 3 + 1  # and the colour bar
    table = result.table
    assert set(table["way"]) == {"lrp", "grad_cam"}
    relevance = {
        (event, way, station): value
        for event, way, station, value in zip(
            *(table[name] for name in ("event", "way", "station", "relevance")), strict=True
        )
    }
    for (event, way, station), value in relevance.items():
        assert value == -relevance[event, "grad_cam" if way == "lrp" else "lrp", station]
    assert "decides X_max of 2 air showers" in result.caption
    assert "LRP, Grad-CAM" in result.caption


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({"ways": ["lpr"]}, "ways: .*'lpr'.*'lrp'"),
        ({"events": [5000]}, "events: 5000 is too large"),
    ],
)
def test_what_is_not_there_is_a_clear_mistake(inputs, settings, complaint):
    with pytest.raises(CascadeError, match=complaint):
        footprint_relevance(inputs, FootprintRelevanceSettings(**settings))


def test_an_explanation_without_relevance_is_a_clear_mistake(tmp_path):
    path = tmp_path / "nodes.h5"
    facts = {"study": "showers", "method": "hexagonal", "ways": "embedding"}
    with writing(path, [Field("embedding", "1", "t-SNE", ("xy",))], facts) as writer:
        writer.append({"embedding": np.zeros((3, 2), np.float32)})
    with pytest.raises(CascadeError, match="holds no relevance of single elements"):
        relevance_over_distance(Inputs(explanations={"nodes": path}), RelevanceProfilesSettings())
