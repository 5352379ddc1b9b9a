import awkward as ak
import numpy as np
import pytest

from cascade.errors import CascadeError
from cascade.events import hdf5
from cascade.events.writing import writing
from cascade.plotting.product import Inputs
from cascade.studies.showers.array import positions
from cascade.studies.showers.products.display import (
    axis_distance,
    choose,
    event_display,
    layout_of,
    read_shower,
)
from cascade.studies.showers.settings import ArraySettings, ShowerDisplaySettings
from studies.showers.products.predicted import FIELDS, write_showers

RAGGED = {"position": 3, "trace": 80}


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    path = tmp_path_factory.mktemp("display") / "toy.h5"
    write_showers(path, 300, seed=3)
    return path


def test_the_showers_that_were_looked_for_are_shown(path):
    settings = ShowerDisplaySettings(lg_energies=[19.0, 19.0, 19.8], min_stations=5)
    numbers = choose(path, settings)
    assert len(set(numbers)) == 3
    events = hdf5.read(path)
    for number, wanted in zip(numbers, settings.lg_energies, strict=True):
        assert events["lg_energy"][number] == pytest.approx(wanted, abs=0.15)
        assert 30 <= np.degrees(np.arccos(events["axis"][number, 2])) <= 50
        place = ak.to_numpy(events["position"][number])[:, :2]
        assert len(place) >= 5
        assert np.linalg.norm(place - events["core"][number], axis=1).min() >= 400


def test_a_shower_is_read_as_it_is(path):
    events = hdf5.read(path)
    layout = layout_of(path)
    assert (layout.bin_width, layout.pedestal) == (25.0, 1.2)
    number = int(np.argmax(events["lg_energy"]))
    shower = read_shower(path, number, layout)
    position = ak.to_numpy(events["position"][number]) / 1000
    np.testing.assert_allclose(shower.footprint.position, position[:, :2])
    sites = positions(layout.array)[shower.station, :2] / 1000
    np.testing.assert_allclose(shower.footprint.position, sites, atol=1e-6)
    traces = ak.to_numpy(events["trace"][number])
    np.testing.assert_allclose(shower.footprint.signal, traces.sum(axis=1) - 96, rtol=1e-5)
    assert shower.footprint.time.min() == 0
    first, second = shower.footprint.signal[shower.hottest(2)]
    assert first == shower.footprint.signal.max() >= second
    # the distance from a line, by its closest point among many
    along = np.linspace(-30, 30, 60001)[:, np.newaxis]
    core = np.append(events["core"][number] / 1000, 0)
    line = core + along * events["axis"][number]
    expected = np.linalg.norm(line[:, np.newaxis] - position[:3], axis=-1).min(axis=0)
    np.testing.assert_allclose(axis_distance(shower)[:3], expected, atol=1e-3)


def test_numbers_of_events_can_be_given(path):
    settings = ShowerDisplaySettings(events=[2], traces=1)
    result = event_display(Inputs(samples={"toy": path}), settings)
    assert set(result.table["event"]) == {2}
    assert "event 2:" in result.caption


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({"events": [5000]}, r"events: 5000 is too large, .* holds 300 events"),
        ({"min_stations": 60}, "holds 0 events of at least 60 stations"),
    ],
)
def test_showers_that_are_not_there_are_a_clear_mistake(path, settings, complaint):
    with pytest.raises(CascadeError, match=complaint):
        event_display(Inputs(samples={"toy": path}), ShowerDisplaySettings(**settings))


def test_a_shower_that_triggers_nothing_is_a_clear_mistake(tmp_path):
    path = tmp_path / "silent.h5"
    nothing = {name: ak.unflatten(np.zeros((0, size)), [0]) for name, size in RAGGED.items()}
    nothing |= {name: ak.unflatten(np.zeros(0), [0]) for name in ("station", "time")}
    events = {
        **nothing,
        "axis": np.array([[0, 0, 1]]),
        "core": np.zeros((1, 2)),
        **{name: np.ones(1) for name in ("lg_energy", "x_max", "mass_number")},
    }
    with writing(path, [FIELDS[name] for name in events], {"study": "showers"}) as writer:
        writer.append(events)
    with pytest.raises(CascadeError, match="events: 0 has no triggered station"):
        event_display(Inputs(samples={"a": path}), ShowerDisplaySettings(events=[0]))
    # the file is silent about its array, too
    assert layout_of(path).array == ArraySettings()
