import awkward as ak
import numpy as np
import pytest
import torch

from cascade.events.seeding import Block, sequence
from cascade.layers.ragged import Ragged
from cascade.settings import Settings
from cascade.studies.showers import symmetry
from cascade.studies.showers.networks.augmentation import augment
from cascade.studies.showers.settings import (
    ArraySettings,
    OrbitsSettings,
    ShowerSettings,
)
from cascade.studies.showers.simulation.orbits import image, usable
from cascade.studies.showers.simulation.simulate import simulate
from cascade.training.batches import tensor

SCALARS = ("lg_energy", "x_max", "mass_number")
RAGGED = ("station", "position", "time", "trace")


class OnArray(Settings):
    """Settings of a network on the array's grid."""

    array: ArraySettings = ArraySettings()


@pytest.fixture
def drawn(monkeypatch):
    """Let every event draw a given symmetry."""

    def fix(elements):
        def randint(high, size):
            assert high == symmetry.ORDER
            return torch.as_tensor(elements).expand(size)

        monkeypatch.setattr(torch, "randint", randint)

    return fix


def same(found, expected):
    if isinstance(expected, Ragged):
        assert torch.equal(found.counts, expected.counts)
        found, expected = found.values, expected.values
    assert found.dtype == expected.dtype
    torch.testing.assert_close(found, expected, rtol=1e-6, atol=2e-3)


@pytest.mark.parametrize("element", range(symmetry.ORDER))
@pytest.mark.parametrize("sites", [True, False], ids=["sites", "places"])
def test_each_symmetry_gives_the_image(showers, drawn, element, sites):
    array = ArraySettings()
    settings = OrbitsSettings(showers=ShowerSettings(array=array), min_stations=0)
    use = usable(showers, settings)
    whole = {name: values[use] for name, values in showers.items()}
    expected = {name: tensor(values) for name, values in image(whole, array, element).items()}
    events = {name: tensor(values) for name, values in whole.items()}
    if not sites:
        del events["station"]
    drawn(element)
    found = augment(events, OnArray() if sites else Settings())
    assert found.keys() == events.keys()
    for name in found:
        same(found[name], expected[name])


def test_stations_whose_image_is_off_the_array_are_left_out(drawn):
    large = ShowerSettings(lg_energy=(20.0, 20.0), core_radius=4000.0)
    showers = simulate(Block(0, 36, sequence(1)), large)
    batch = {name: tensor(values) for name, values in showers.items()}
    elements = torch.arange(len(batch["core"])) % symmetry.ORDER
    drawn(elements)
    found = augment(batch, OnArray())
    table = symmetry.images(ArraySettings())
    lost = 0
    for event, element in enumerate(elements.tolist()):
        there = table[element][ak.to_numpy(showers["station"][event])]
        stays = there >= 0
        lost += (~stays).sum()
        assert found["station"][event : event + 1].values.tolist() == there[stays].tolist()
        for name in ("time", "trace"):
            mine = found[name][event : event + 1].values.numpy()
            assert np.array_equal(mine, ak.to_numpy(showers[name][event])[stays])
    assert lost > 0
    for name in SCALARS:
        assert found[name] is batch[name]
    counts = [found[name].counts for name in RAGGED]
    assert all(torch.equal(count, counts[0]) for count in counts)


def test_without_sites_no_station_is_lost(batch, drawn):
    drawn(torch.arange(len(batch["core"])) % symmetry.ORDER)
    found = augment({name: batch[name] for name in batch if name != "station"}, Settings())
    assert torch.equal(found["position"].counts, batch["position"].counts)


def test_the_axis_goes_along_with_the_times(batch, drawn):
    """The front's times follow from the image's own axis and core."""
    drawn(torch.arange(len(batch["core"])) % symmetry.ORDER)

    def late(events):
        position, event = events["position"], events["position"].index()
        apart = position.values[:, :2] - events["core"][event]
        ahead = (apart * events["axis"][event, :2]).sum(dim=1)
        return events["time"].values + ahead / 0.299792458

    expected = late(batch)
    found = late(augment({name: batch[name] for name in batch if name != "station"}, Settings()))
    torch.testing.assert_close(found, expected, rtol=0, atol=0.1)


def test_events_draw_their_own_symmetries(batch):
    torch.manual_seed(0)
    first, second = (augment(batch, OnArray())["axis"] for _ in range(2))
    assert not torch.equal(first, second)
    matrices = torch.from_numpy(symmetry.planar()).float()
    images = torch.einsum("sij,bj->bsi", matrices, batch["axis"][:, :2])
    near = (images - first[:, None, :2]).norm(dim=2).argmin(dim=1)
    assert len(near.unique()) > symmetry.ORDER / 2
    torch.manual_seed(0)
    assert torch.equal(augment(batch, OnArray())["axis"], first)
