"""Files of rows hold what the functions behind them give, in the order of the settings."""

from __future__ import annotations

import awkward as ak
import numpy as np
import pytest
import torch

from cascade.errors import CascadeError
from cascade.events import hdf5
from cascade.events.writing import writing
from cascade.introspection import WAYS
from cascade.introspection.patches import most_excited
from cascade.introspection.rows import deconvnet, maximisation
from cascade.introspection.settings import (
    DeconvNetSettings,
    MaximisedSettings,
    PatchesSettings,
)
from introspection.networks import cloud, convolutional

FEATURES = ({"layer": "4", "channels": (2, 0)}, {"layer": "0", "channels": (1,)})


def rows(way, network, inputs, **settings):
    """Return the columns of a way, once they are what the schema says."""
    cls = {deconvnet: PatchesSettings, maximisation: MaximisedSettings}[way]
    schema, arrays = way(network, inputs, cls.model_validate(settings))
    assert [field.name for field in schema] == list(arrays)
    assert len({len(values) for values in arrays.values()}) == 1
    for field in schema:
        assert len(field.dims) == arrays[field.name].ndim - 1
    return schema, arrays


def test_patches_are_those_of_each_channel():
    network, inputs = convolutional()
    _, found = rows(deconvnet, network, inputs, features=FEATURES, count=3)
    assert found["feature"].tolist() == [0] * 6 + [1] * 3
    assert found["channel"].tolist() == [2] * 3 + [0] * 3 + [1] * 3
    for start, layer, channel in ((0, "4", 2), (3, "4", 0), (6, "0", 1)):
        alone = most_excited(
            network, inputs, DeconvNetSettings(layer=layer, channel=channel, count=3)
        )
        here = slice(start, start + 3)
        assert found["event"][here].tolist() == alone.events.tolist()
        np.testing.assert_array_equal(found["image"][here], inputs[0][alone.events])
        np.testing.assert_array_equal(found["image_reach"][here], alone.fields[0])
        np.testing.assert_allclose(found["image_pattern"][here], alone.projections[0])
        np.testing.assert_array_equal(found["place"][here], alone.places)
        np.testing.assert_allclose(found["activation"][here], alone.activations)


def test_fewer_events_give_fewer_patches():
    network, inputs = convolutional()
    _, found = rows(deconvnet, network, inputs, features=FEATURES[:1])
    assert len(found["event"]) == 2 * 5


def test_layers_without_a_map_are_refused():
    network, inputs = convolutional()
    with pytest.raises(CascadeError, match="'7' has no map"):
        rows(deconvnet, network, inputs, features=({"layer": "7", "channels": 1},))


def test_the_number_is_made_large_and_small_and_channels_large():
    network, inputs = convolutional()
    _, found = rows(maximisation, network, inputs, features=FEATURES, starts=2, steps=20)
    assert found["feature"].tolist() == [-1] * 4 + [0] * 4 + [1] * 2
    assert found["channel"].tolist() == [-1] * 4 + [2, 2, 0, 0, 1, 1]
    assert found["sign"].tolist() == [1, 1, -1, -1] + [1] * 6
    assert found["start"].tolist() == [0, 1] * 5
    gain = (found["climb"][:, -1] - found["climb"][:, 0]) * found["sign"]
    assert (gain > 0).all()
    score = network.score(torch.from_numpy(found["image"][:4]))
    np.testing.assert_allclose(found["climb"][:4, -1], score, rtol=1e-4)
    # the same start for all, so the first value of one input differs between aims by a sign
    np.testing.assert_allclose(found["climb"][0, 0], found["climb"][2, 0], rtol=1e-5)


@pytest.mark.parametrize("middle", [True, False])
def test_a_neuron_in_the_middle_is_excited_or_all(middle):
    network, inputs = convolutional()
    settings = {"features": FEATURES[:1], "steps": 5, "middle": middle}
    _, found = rows(maximisation, network, inputs, **settings)
    maps = network.body[:5](torch.from_numpy(found["image"][4:]))
    each = torch.stack([maps[0, 2], maps[1, 2], maps[2, 0], maps[3, 0]])
    wanted = each[:, 3, 3] if middle else each.mean((1, 2))
    np.testing.assert_allclose(found["climb"][4:, -1], wanted, rtol=1e-4)


def test_events_of_rows_stay_events_of_rows():
    network, inputs = cloud()
    features = ({"layer": "row", "channels": 2}, {"layer": "event", "channels": 1})
    schema, found = rows(maximisation, network, inputs, features=features, starts=3, steps=3)
    for name in ("kind", "position", "energy"):
        assert next(field for field in schema if field.name == name).ragged
        assert ak.num(found[name]).to_list() == [3, 0, 5] * 5
    assert found["kind"][3].to_list() == inputs[0].values[:3].tolist()


@pytest.mark.parametrize(("way", "few"), [(deconvnet, {}), (maximisation, {"steps": 3})])
def test_a_file_takes_the_rows(way, few, tmp_path):
    network, inputs = convolutional()
    schema, found = rows(way, network, inputs, features=FEATURES, **few)
    with writing(tmp_path / "rows.h5", schema, {"study": "jets"}) as writer:
        writer.append(found)
    for name, values in hdf5.read(tmp_path / "rows.h5").items():
        np.testing.assert_array_equal(values, found[name])


def test_the_ways_are_these():
    for name, way in (("deconvnet", deconvnet), ("maximisation", maximisation)):
        assert WAYS[name].function == f"cascade.introspection.rows:{way.__name__}"
        assert WAYS[name].alone
