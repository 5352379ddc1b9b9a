"""What is explained: a named number of a network's output over its scaled inputs."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from cascade.declarations import load_study, resolve
from cascade.errors import CascadeError
from cascade.introspection.explained import Explained, attributable, explained
from cascade.layers.ragged import Ragged
from cascade.settings import validate
from cascade.study import Network
from cascade.training.network import build

STUDIES = ("jets", "showers", "skies", "radio", "refinement")
EXPLAINED = [
    (study, name)
    for study in STUDIES
    for name, method in load_study(study).methods.items()
    if isinstance(method, Network) and not method.transform
]


@pytest.mark.parametrize(("study", "name"), EXPLAINED)
def test_every_objective_names_the_numbers_that_can_be_explained(study, name):
    scores = resolve(load_study(study).methods[name].objective).scores
    assert scores.__doc__


def test_a_network_is_explained_behind_its_scalers():
    declared = load_study("refinement").methods["energy"]
    settings = validate(resolve(declared.settings), {"channels": 2, "hidden": 4})
    record = {
        "study": "refinement", "name": "energy", "settings": settings.model_dump_json(),
        "scaling": json.dumps(dict(declared.scaling)),
        "shapes": json.dumps({"trace": [80], "distance": [], "zenith": []}),
    }  # fmt: skip
    torch.manual_seed(1)
    network = build(declared, record)
    network.scalers["distance"].mean.fill_(1000.0)
    network.scalers["distance"].deviation.fill_(300.0)
    rng = np.random.default_rng(1)
    events = {
        "trace": rng.exponential(9, (5, 80)).astype("f4"),
        "distance": rng.uniform(500, 1500, 5).astype("f4"),
        "zenith": rng.uniform(0, 60, 5).astype("f4"),
    }
    subject = explained(declared, network)
    inputs = subject.inputs(events)
    assert np.allclose(inputs[1], (events["distance"] - 1000) / 300)
    whole = network(*(torch.from_numpy(x) for x in events.values()))
    assert torch.equal(subject.score(*inputs), whole)
    assert not any(weight.requires_grad for weight in network.parameters())
    assert torch.equal(explained(declared, network, "lg_energy").score(*inputs), whole)
    with pytest.raises(CascadeError, match=r"no number 'lg_enrgy' .*'lg_energy'"):
        explained(declared, network, "lg_enrgy").score(*inputs)


def test_any_module_can_be_explained():
    layer = torch.nn.Linear(3, 2)
    subject = Explained(layer, ("x",), lambda output: output[:, 1])
    events = {"x": np.ones((4, 3))}
    assert torch.equal(subject.score(*subject.inputs(events)), layer(torch.ones(4, 3))[:, 1])


def test_whole_numbers_have_no_attribution():
    counts = torch.tensor([1, 2])
    assert attributable(torch.ones(2))
    assert not attributable(torch.ones(2, dtype=torch.int8))
    assert attributable(Ragged(torch.ones(3), counts))
    assert not attributable(Ragged(torch.ones(3, dtype=torch.int64), counts))
