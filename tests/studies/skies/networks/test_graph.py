"""Graph networks: both libraries alike, and which rays their layers look at."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch

from cascade.introspection.explained import Explained
from cascade.introspection.neighbours import neighbours
from cascade.introspection.settings import AttributionSettings
from cascade.layers.neighbours import nearest
from cascade.studies.skies.networks.graph import GeometricEdgeConvolution, edge_index
from cascade.studies.skies.networks.rays import separations
from cascade.studies.skies.settings import ArcSettings, MomentSettings
from studies.skies.networks.untrained import build, sky

TRANSLATED = {".first.": ".convolution.nn.0.", ".second.": ".convolution.nn.2."}


def translated(name):
    """Return what PyTorch Geometric calls a weight."""
    for ours, theirs in TRANSLATED.items():
        name = name.replace(ours, theirs)
    return name


def gradients(network, inputs):
    output = network(*inputs)
    output.square().sum().backward()
    return output, {name: weight.grad for name, weight in network.named_parameters()}


@pytest.mark.parametrize("aggregation", ["max", "mean", "sum"])
@pytest.mark.parametrize("dynamic", [True, False], ids=["dynamic", "static"])
@pytest.mark.parametrize(
    "features",
    [{}, {"moments": MomentSettings()}, {"arcs": ArcSettings()}],
    ids=["plain", "moments", "arcs"],
)
def test_both_libraries_are_the_same_function(skies, aggregation, dynamic, features):
    settings = {"aggregation": aggregation, "dynamic": dynamic, **features}
    ours, theirs = build("dgcnn", **settings), build("dgcnn_geometric", seed=2, **settings)
    assert sum(isinstance(part, GeometricEdgeConvolution) for part in theirs.modules()) == 3
    weights = {translated(name): weight for name, weight in ours.state_dict().items()}
    theirs.load_state_dict(weights)
    # in single precision a ReLU or the largest may fall the other way
    inputs = [field.double() for field in skies]
    output, found = gradients(ours.double(), inputs)
    expected_output, expected = gradients(theirs.double(), inputs)
    torch.testing.assert_close(output, expected_output, rtol=1e-5, atol=1e-5)
    for name, gradient in found.items():
        other = expected[translated(name)]
        torch.testing.assert_close(gradient, other, rtol=1e-5, atol=1e-5 * other.abs().max())


@pytest.mark.parametrize("skies_at_hand", [1, 3])
def test_neighbours_and_edges_stand_in_memory_as_edge_convolutions_take_them(skies_at_hand):
    direction, _ = sky(skies_at_hand, 1, rays=20)
    found = nearest(direction, 6)
    assert found.flatten(0, 1).T.is_contiguous()
    edges = separations(direction, found[..., :4])
    assert edges.shape == (skies_at_hand, 20, 4, 3)
    assert edges.flatten(0, 1).permute(2, 1, 0).is_contiguous()


def test_edges_go_from_the_neighbours_within_each_sky():
    found = edge_index(torch.tensor([[[1, 2], [2, 0], [0, 1]], [[2, 1], [0, 2], [1, 0]]]))
    assert found.tolist() == [
        [1, 2, 2, 0, 0, 1, 5, 4, 3, 5, 4, 3],
        [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5],
    ]


def graphs(name, skies):
    """Return the graphs that a network sees (B, graphs, N, k)."""
    looked = Explained(build(name).eval(), ("direction", "energy"), lambda output: output)
    found = neighbours(looked, skies[:2], AttributionSettings())[1]["neighbours"]
    return torch.from_numpy(found).long()


def test_a_dynamic_graph_is_new_in_each_layer_and_a_static_one_is_the_sphere(skies):
    sphere = nearest(skies[0], 16)
    for name in ("dgcnn", "dgcnn_geometric"):
        found = graphs(name, skies)
        assert found.shape == (5, 3, 60, 16)
        assert torch.equal(found[:, 0], sphere)
        for layer in (1, 2):
            same = (found[:, layer, :, :, None] == found[:, layer - 1, :, None]).any(-1)
            assert same.float().mean() < 0.99
    assert torch.equal(graphs("static_graph", skies)[:, 0], sphere)
    assert graphs("static_graph", skies).shape[1] == 1


def test_no_ray_is_its_own_neighbour(skies):
    """Fewer others than neighbours: the longer list changes nothing."""
    direction, energy = (field[:, :7] for field in skies)
    features = {
        number: {
            "moments": MomentSettings(neighbours=number),
            "arcs": ArcSettings(neighbours=number, near=number),
        }
        for number in (6, 20)
    }
    few, many = (
        build("static_graph", neighbours=number, **given) for number, given in features.items()
    )
    with torch.no_grad():
        torch.testing.assert_close(few(direction, energy), many(direction, energy))


def test_a_moving_graph_makes_a_difference(skies):
    still, moving = (build("dgcnn", dynamic=dynamic) for dynamic in (False, True))
    moving.load_state_dict(still.state_dict())
    with torch.no_grad():
        assert not torch.allclose(still(*skies), moving(*skies), atol=1e-4)


def test_pytorch_geometric_is_imported_only_by_the_networks_built_with_it():
    script = """
import sys
from cascade.studies.skies import STUDY
from cascade.declarations import resolve
from cascade.study import Network
for name, method in STUDY.methods.items():
    if isinstance(method, Network) and name not in ("spectral", "dgcnn_geometric"):
        resolve(method.network)(resolve(method.settings)())
assert "cascade.studies.skies.networks.spectral" in sys.modules
print("torch_geometric" in sys.modules)
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout == "False\n"
