import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from cascade.layers.ragged import Ragged
from cascade.studies.showers.array import positions
from cascade.studies.showers.networks import graph
from cascade.studies.showers.networks.graph import neighbours
from cascade.studies.showers.settings import ArraySettings, GraphSettings

LATTICE = torch.from_numpy(positions(ArraySettings())[:, :2]).float()


def edges(events, number):
    plane = torch.cat([torch.as_tensor(event, dtype=torch.float32) for event in events])
    counts = torch.tensor([len(event) for event in events])
    return neighbours(Ragged(plane, counts), number)


def slow(events, number):
    """Stations one by one, from and to."""
    found, first = [], 0
    for event in np.asarray(events, dtype=object):
        event = np.asarray(event, dtype=float)
        for to, here in enumerate(event):
            distance = np.hypot(*(event - here).T) + 0.0
            others = [i for i in range(len(event)) if i != to]
            last = sorted(distance[others])[:number][-1] if others else 0
            found += [(first + i, first + to) for i in others if distance[i] <= last + 1]
        first += len(event)
    return sorted(found, key=lambda edge: edge[::-1])


@given(st.integers(1, 12), st.lists(st.integers(0, 25), max_size=5), st.integers(0, 99))
def test_edges_come_from_the_nearest_stations(number, counts, seed):
    rng = np.random.default_rng(seed)
    events = [LATTICE[rng.permutation(81)[:count]].tolist() for count in counts]
    events = [np.reshape(event, (-1, 2)).tolist() for event in events]
    plane = torch.tensor([place for event in events for place in event]).reshape(-1, 2)
    found = neighbours(Ragged(plane, torch.tensor(counts, dtype=torch.int64)), number)
    assert found.dtype == torch.int64
    expected = []
    first = 0
    for event in events:
        expected += [(first + a, first + b) for a, b in slow([event], number)]
        first += len(event)
    assert list(map(tuple, found.T.tolist())) == expected


def test_all_at_the_distance_of_the_last_are_neighbours():
    near = edges([LATTICE], 6)
    middle = near[1] == 40
    distance = (LATTICE[near[0, middle]] - LATTICE[40]).norm(dim=1)
    np.testing.assert_allclose(distance, 1500, rtol=1e-5)
    assert len(distance) == 6
    # one more takes in all six of the next ring
    assert (edges([LATTICE], 7)[1] == 40).sum() == 12
    assert (edges([LATTICE], 1)[1] == 40).sum() == 6


@given(st.floats(-180, 180))
def test_turning_the_lattice_changes_no_edge(degrees):
    angle = np.radians(degrees)
    matrix = torch.tensor([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    turned = LATTICE @ matrix.float().T
    assert torch.equal(edges([turned], 8), edges([LATTICE], 8))


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (torch.zeros(0, 2), []),
        ([[0, 0]], []),
        ([[0, 0], [1500, 0]], [[1, 0], [0, 1]]),
        # at the same place
        ([[7, 7], [7, 7], [1500, 0]], [[1, 0], [0, 1], [0, 2], [1, 2]]),
    ],
    ids=["none", "one", "two", "three"],
)
def test_few_stations_have_few_neighbours(event, expected):
    assert edges([event], 1).T.tolist() == expected


def test_an_edge_reaches_from_a_station_to_its_event_alone(batch):
    plane = Ragged(batch["position"].values[:, :2], batch["position"].counts)
    source, to = neighbours(plane, 8)
    event = plane.index()
    assert torch.equal(event[source], event[to])


@pytest.mark.parametrize(
    "variant",
    [
        {"aggregation": "max"},
        {"aggregation": "add"},
        {"convolutions": 0},
        {"convolutions": 3, "neighbours": 1, "width": 5, "hidden": 7},
        {"encoder": {"kind": "lstm", "hidden": 8, "width": 4}},
    ],
    ids=str,
)
def test_every_option_builds_and_learns(variant, batch):
    torch.manual_seed(0)
    network = graph(GraphSettings.model_validate(variant))
    output = network(*(batch[name] for name in ("position", "time", "trace")))
    assert output.shape == (40, 12)
    output.square().mean().backward()
    for name, weight in network.named_parameters():
        assert weight.grad.isfinite().all(), name


def test_neighbours_matter(batch):
    torch.manual_seed(0)
    few, many = (graph(GraphSettings(neighbours=number)) for number in (1, 20))
    many.load_state_dict(few.state_dict())
    inputs = [batch[name] for name in ("position", "time", "trace")]
    with torch.no_grad():
        assert not torch.allclose(few(*inputs), many(*inputs))
