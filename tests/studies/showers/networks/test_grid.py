import awkward as ak
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from torch import nn

from cascade.config import read_yaml
from cascade.errors import CascadeError
from cascade.events.seeding import Block, sequence
from cascade.layers.hexagonal import cell_positions, hexagon
from cascade.layers.ragged import Ragged
from cascade.studies.showers import networks, symmetry
from cascade.studies.showers.array import positions
from cascade.studies.showers.networks.augmentation import augment
from cascade.studies.showers.networks.convolutions import Convolutions
from cascade.studies.showers.networks.lattice import cells, sites
from cascade.studies.showers.networks.outputs import OUTPUTS, Reconstruction
from cascade.studies.showers.settings import (
    ArraySettings,
    CartesianSettings,
    GridSettings,
    HexagonalGroupSettings,
    HexagonalSettings,
    OrbitsSettings,
    ShowerSettings,
)
from cascade.studies.showers.simulation.orbits import simulate_orbits
from cascade.studies.showers.simulation.simulate import simulate
from cascade.training.batches import tensor
from programs import ROOT

INPUTS = ("station", "position", "time", "trace")
ARRAYS = [ArraySettings(), ArraySettings(rows=7, columns=11), ArraySettings(rows=11, columns=3)]
KINDS = {
    "cartesian": (networks.cartesian, CartesianSettings),
    "hexagonal": (networks.hexagonal, HexagonalSettings),
    "hexagonal_p6": (networks.hexagonal_p6, HexagonalGroupSettings),
}


def network(kind, **changed):
    """Return a network without any parameter at 0."""
    build, made = KINDS[kind]
    torch.manual_seed(4)
    found = build(made(**changed))
    for parameter in found.parameters():
        if not parameter.any():
            nn.init.normal_(parameter, std=0.1)
    return found


def apply(found, events):
    """Return what a network says of events."""
    return found(*(events[name] for name in INPUTS))


@pytest.fixture(scope="module")
def showers():
    events = simulate(Block(0, 30, sequence(3)), ShowerSettings())
    return {name: tensor(values) for name, values in events.items()}


@pytest.fixture(scope="module")
def images():
    """Return four showers with their twelve images."""
    events = simulate_orbits(Block(0, 48, sequence(1)), OrbitsSettings())
    return {name: tensor(values) for name, values in events.items()}


def one_event(station, array=None):
    """Return an event with traces of its own at some stations."""
    array = array or ArraySettings()
    generator = np.random.default_rng(8)
    number = len(station)
    events = {
        "station": np.asarray(station, np.int16),
        "position": positions(array)[station],
        "time": 1000 * generator.normal(size=number),
        "trace": 1.2 + 5 * generator.random((number, 80)),
    }
    count = torch.tensor([number])
    return {name: Ragged(tensor(values), count) for name, values in events.items()}


@pytest.mark.parametrize("array", ARRAYS, ids=str)
def test_stations_stand_in_the_map_where_they_stand_in_the_array(array):
    places = cells(array, "axial")
    rows, columns = (places.max(dim=0).values + 1).tolist()
    assert places.min(dim=0).values.tolist() == [0, 0]
    where = cell_positions(rows, columns)[places[:, 0], places[:, 1]].numpy()
    expected = positions(array)[:, :2] / array.spacing
    middle = array.rows * array.columns // 2
    np.testing.assert_allclose(where - where[middle], expected, atol=1e-6)
    # the map is no larger than the hexagon about the array
    radius = int((places - places[middle]).abs().max())
    assert max(rows, columns) <= 2 * radius + 1


@pytest.mark.parametrize("array", ARRAYS, ids=str)
def test_offset_rows_are_those_of_the_array(array):
    places = cells(array, "offset")
    assert torch.equal(places[:, 0] * array.columns + places[:, 1], torch.arange(len(places)))
    east, north = positions(array)[:, :2].T / array.spacing
    assert (np.diff(north.reshape(array.rows, -1)[:, 0]) > 0).all()
    apart = east - (places[:, 1].numpy() - array.columns // 2)
    assert set(np.round(apart, 6)) == {0, 0.5}


@pytest.mark.parametrize("array", ARRAYS, ids=str)
def test_hexagonal_neighbours_are_one_spacing_away(array):
    convolutions = Convolutions(HexagonalSettings(array=array), 1)
    with torch.no_grad():
        convolutions.first.layer.weight.fill_(1)
    found = sum_of_neighbours(convolutions, array)
    apart = np.linalg.norm(positions(array)[:, None] - positions(array), axis=-1)
    np.testing.assert_array_equal(found, (apart < 1.01 * array.spacing).sum(axis=1))


@pytest.mark.parametrize("array", ARRAYS, ids=str)
def test_square_neighbours_are_those_in_the_next_columns_and_rows(array):
    convolutions = Convolutions(CartesianSettings(array=array), 1)
    with torch.no_grad():
        convolutions.first.layer.weight.fill_(1)
    found = sum_of_neighbours(convolutions, array).reshape(array.rows, array.columns)
    rows, columns = np.full(array.rows, 3), np.full(array.columns, 3)
    rows[[0, -1]], columns[[0, -1]] = 2, 2
    np.testing.assert_array_equal(found, rows[:, None] * columns)


def sum_of_neighbours(convolutions, array):
    """Return how many stations a convolution of ones counts about each, when all have triggered."""
    number = array.rows * array.columns
    station = Ragged(torch.arange(number), torch.tensor([number]))
    with torch.no_grad():
        return convolutions(torch.ones(number, 1), station)[:, 0, 0].numpy()


@pytest.mark.parametrize(("group", "order"), [("p6", 6), ("p6m", 12)])
@pytest.mark.parametrize("changed", [{}, {"radius": 2, "units": 1}], ids=["default", "wide"])
def test_predictions_turn_with_the_event(images, group, order, changed):
    found = network("hexagonal_p6", group=group, channels=6, **changed)
    with torch.no_grad():
        output = apply(found, images).view(4, 12, OUTPUTS)[:, :order]
    matrices = torch.from_numpy(symmetry.planar()[:order]).float()
    for part, size in ((slice(0, 2), 1), (slice(3, 5), 1000)):
        expected = torch.einsum("sij,ej->esi", matrices, output[:, 0, part])
        torch.testing.assert_close(output[:, :, part], expected, rtol=1e-4, atol=1e-6 * size)
        assert output[:, 0, part].abs().mean() > 0.01 * size
    scalars = output[:, :, 5:]
    torch.testing.assert_close(scalars, scalars[:, :1].expand_as(scalars), rtol=1e-5, atol=1e-5)
    assert output[:, 0, 7:].std(dim=0).min() > 1e-4  # they say something


@pytest.mark.parametrize("kind", ["cartesian", "hexagonal"])
def test_other_predictions_do_not(images, kind):
    with torch.no_grad():
        output = apply(network(kind), images).view(4, 12, OUTPUTS)
    matrices = torch.from_numpy(symmetry.planar()).float()
    expected = torch.einsum("sij,ej->esi", matrices, output[:, 0, :2])
    apart = (output[:, :, :2] - expected).norm(dim=-1)
    assert apart[:, 1:].mean() > 0.02


def test_p6_does_not_know_mirrors(images):
    with torch.no_grad():
        output = apply(network("hexagonal_p6"), images).view(4, 12, OUTPUTS)
    assert (output[:, 6:, 5:] - output[:, :1, 5:]).abs().amax() > 1e-3


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=5)
@given(seed=st.integers(0, 2**31))
def test_the_order_of_the_stations_does_not_matter(showers, kind, seed):
    generator = torch.Generator().manual_seed(seed)
    index = showers["station"].index()
    # a random order within each event
    order = torch.argsort(index + torch.rand(len(index), generator=generator).double() * 0.999)
    mixed = {name: showers[name].with_values(showers[name].values[order]) for name in INPUTS}
    found = network(kind)
    with torch.no_grad():
        torch.testing.assert_close(apply(found, mixed), apply(found, showers), rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("kind", KINDS)
def test_events_do_not_know_each_other(showers, kind):
    found = network(kind)
    some = torch.tensor([7, 3, 21])
    with torch.no_grad():
        alone = apply(found, {name: showers[name][some] for name in INPUTS})
        torch.testing.assert_close(alone, apply(found, showers)[some], rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("kind", KINDS)
def test_silent_stations_are_left_out_and_not_zero(kind):
    # the same stations in a larger array, whose further sites are all silent
    small, large = ArraySettings(), ArraySettings(rows=13, columns=15)
    event = one_event([40, 41, 49, 31, 22], small)
    apart = torch.cdist(event["position"].values, tensor(positions(large)))
    image = event["station"].with_values(apart.argmin(dim=1))
    output = apply(network(kind), event)
    same = apply(network(kind, array=large), {**event, "station": image})
    torch.testing.assert_close(same, output)
    # a station with nothing but its pedestal is not a silent one
    event = one_event([40, 41, 49, 31, 22])
    event["trace"].values[-1] = 1.2
    found = network(kind)
    fewer = {name: values[:4] for name, values in ((n, event[n].values) for n in INPUTS)}
    fewer = {name: Ragged(values, torch.tensor([4])) for name, values in fewer.items()}
    assert (apply(found, event) - apply(found, fewer))[:, 5:].abs().max() > 1e-3


@pytest.mark.parametrize("kind", KINDS)
def test_far_stations_are_seen_by_the_sums_alone(kind):
    stations = [0, 1, 80, 44]
    event = one_event(stations)
    found = network(kind)
    convolutions = found.convolutions
    x = torch.ones(4, found.encoder.width + 2)
    both = convolutions(x, event["station"])
    changed = x.clone()
    changed[2] = 5
    other = convolutions(changed, event["station"])
    assert torch.equal(both[[0, 1, 3]], other[[0, 1, 3]])
    assert not torch.equal(both[2], other[2])


@pytest.mark.parametrize("kind", KINDS)
def test_events_with_hardly_any_station(kind):
    one, line, zero = one_event([40]), one_event([36, 37, 38, 40, 44]), one_event([3, 12])
    zero["trace"].values[:] = 0
    events = {
        name: Ragged(
            torch.cat([one[name].values, line[name].values, zero[name].values]),
            torch.tensor([0, 1, 5, 2, 0]),
        )
        for name in INPUTS
    }
    found = network(kind)
    output = apply(found, events)
    assert torch.isfinite(output).all()
    torch.testing.assert_close(output[:, :3].norm(dim=1), torch.ones(5))
    truth = {
        "axis": torch.tensor([[0.0, 0, 1]]).expand(5, 3),
        "core": torch.zeros(5, 2),
        "lg_energy": torch.full((5,), 19.0),
        "x_max": torch.full((5,), 750.0),
        "mass_number": torch.tensor([1, 4, 14, 56, 56]),
    }
    Reconstruction().loss(output, truth)[0].backward()
    for name, parameter in found.named_parameters():
        assert torch.isfinite(parameter.grad).all(), name
    nothing = {name: values[:0] for name, values in events.items()}
    assert apply(found, nothing).shape == (0, OUTPUTS)


@pytest.mark.parametrize("kind", KINDS)
def test_all_parameters_learn(showers, kind):
    found = network(kind)
    Reconstruction().loss(apply(found, showers), showers)[0].backward()
    for name, parameter in found.named_parameters():
        assert parameter.grad.any(), name


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("array", ARRAYS[1:], ids=str)
def test_other_arrays_work(kind, array):
    events = simulate(Block(0, 5, sequence(2)), ShowerSettings(array=array))
    events = {name: tensor(values) for name, values in events.items()}
    assert apply(network(kind, array=array), events).shape == (5, OUTPUTS)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("wrong", [81, -1])
def test_a_station_outside_the_array_is_told(kind, wrong):
    event = one_event([40, 41, 49])
    event["station"].values[1] = wrong
    match = f"station {wrong} lies outside .* 9 rows of 9, sites 0 to 80.*settings.array"
    with pytest.raises(CascadeError, match=match):
        apply(network(kind), event)
    event["core"] = torch.zeros(1, 2)
    with pytest.raises(CascadeError, match=match):
        augment(event, GridSettings())
    assert sites(event["station"][:0], ArraySettings()).shape == (0,)


def parameters(kind, **changed):
    return sum(parameter.numel() for parameter in network(kind, **changed).parameters())


def test_defaults_have_as_many_parameters():
    numbers = [parameters(kind) for kind in KINDS]
    assert max(numbers) < 1.03 * min(numbers)


def test_compared_networks_have_as_many_parameters():
    methods = read_yaml(ROOT / "config" / "geometry.yaml")["studies"]["showers"]["methods"]
    compared = [method for method in methods.values() if method["base"] in KINDS]
    numbers = [parameters(method["base"], **method["set"]["settings"]) for method in compared]
    assert len(numbers) == len(KINDS)
    assert max(numbers) < 1.03 * min(numbers)


def test_arrows_are_shared_out_among_heads():
    with pytest.raises(ValidationError, match=r"arrows \(16\) must be a multiple of heads \(5\)"):
        HexagonalSettings(heads=5)


def test_equivariant_kernels_have_six_neighbours():
    assert torch.equal(Convolutions(HexagonalGroupSettings(), 3).taps, hexagon(1))
    assert Convolutions(CartesianSettings(), 3).taps.all()


def test_stations_of_files_are_integers():
    counts = ak.Array([[3, 40], [], [80]])
    station = tensor(ak.values_astype(counts, np.int16))
    assert sites(station, ArraySettings()).tolist() == [3, 40, 80]
