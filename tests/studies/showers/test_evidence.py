import awkward as ak
import numpy as np

from cascade.studies.showers.evidence import HOTTEST, earliest, hotness
from cascade.studies.showers.settings import ShowerSettings
from cascade.studies.showers.simulation.simulate import draw

PEDESTAL, BINS = 1.2, 8


def trace(*signal):
    """Return a trace with a signal from its second bin on, the pedestal elsewhere."""
    values = np.full(BINS, PEDESTAL)
    values[1 : 1 + len(signal)] += signal
    return values.tolist()


def test_the_rise_of_the_hottest_stations_is_the_evidence():
    stations = [trace(100, 100, 100, 1000), trace(3000, 1), trace(50), trace(10, 30, 40, 20)]
    events = {"trace": ak.Array([stations, stations[:1], []])}
    found = earliest(events)
    assert ak.to_list(found) == [
        [
            [-1, 1, 1, 1, 1, -1, -1, -1],
            [-1, 1, -1, -1, -1, -1, -1, -1],  # the second bin is less than noise makes of itself
            [-1, 0, -1, -1, -1, -1, -1, -1],  # the fourth station of the event
            [-1, 1, 1, 1, 0, -1, -1, -1],
        ],
        [[-1, 1, 1, 1, 1, -1, -1, -1]],
        [],
    ]
    assert found.type.content.content.content.primitive == "int8"


def test_the_rise_of_simulated_showers_is_early_and_half_of_the_signal():
    events = draw(np.random.default_rng(4), 60, ShowerSettings())
    found = earliest(events)
    number = ak.to_numpy(ak.num(events["trace"], axis=1))
    np.testing.assert_array_equal(ak.num(found, axis=1), number)
    with_evidence = ak.to_numpy(ak.sum(ak.any(found == 1, axis=2), axis=1))
    assert (with_evidence <= np.minimum(number, HOTTEST)).all()
    assert with_evidence[number >= HOTTEST].mean() > 2.9
    traces, found = (ak.to_numpy(ak.flatten(x, axis=1)) for x in (events["trace"], found))
    assert traces[found >= 0].min() >= 2.99  # 3 σ above the pedestal
    hot = (found == 1).any(axis=1) & (traces.sum(axis=1) > 2000)
    traces, true = traces[hot], found[hot] == 1
    share = (traces * true).sum(axis=1) / traces.sum(axis=1)
    assert 0.4 < share.mean() < 0.65
    assert true.sum(axis=1).mean() < 20


def test_ranks_start_anew_with_each_event():
    signal = np.array([3.0, 7.0, 5.0, 1.0, 2.0])
    np.testing.assert_array_equal(hotness(signal, np.array([3, 0, 2])), [2, 0, 1, 1, 0])
