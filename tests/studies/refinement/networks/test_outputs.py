"""How far refined traces are from data, and what the outputs of other networks mean."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from cascade.studies.refinement.networks.outputs import (
    OBSERVABLES,
    EnergyRegression,
    Likeness,
    TwoSampleTest,
)

from ..simulation.drawn import DATA, NO_TRIGGER, drawn

HIT = ("trace", "distance", "zenith")


@pytest.fixture(scope="module")
def samples():
    """Return 2000 stations of simulation, of data, and more of data."""
    domains = [({}, 1), (DATA, 2), (DATA, 3)]
    return [drawn(2000, domain, seed, detector=NO_TRIGGER) for domain, seed in domains]


def distance(refined, data):
    return Likeness().distance(refined, data)


def scaled(events, factor):
    trace = events["trace"] * np.broadcast_to(factor, len(events["trace"]))[:, None]
    return events | {"trace": trace.astype("f4")}


def slow(refined, data, read):
    """Return the distance of an observable of equally many events with one place in all."""
    a, b = (np.sort(read(events["trace"])) for events in (refined, data))
    return np.abs(a - b).mean() / b.std()


def test_equal_samples_have_no_distance(samples):
    for events in samples:
        shuffled = np.random.default_rng(1).permutation(len(events["trace"]))
        loss, numbers = distance({k: v[shuffled] for k, v in events.items()}, events)
        assert loss == pytest.approx(0, abs=1e-12)
        assert numbers.pop("spread") == pytest.approx(1)
        assert numbers.keys() == {f"distance_{name}" for name in OBSERVABLES}
        assert list(numbers.values()) == pytest.approx([0] * 4, abs=1e-12)


def test_two_draws_of_data_are_nearer_than_simulation(samples):
    simulation, data, more = samples
    (near, near_numbers), (far, numbers) = distance(more, data), distance(simulation, data)
    assert near < 0.25 * far
    assert near_numbers["spread"] == pytest.approx(1, abs=0.03)
    for name in OBSERVABLES:
        assert near_numbers[f"distance_{name}"] < numbers[f"distance_{name}"]


def test_it_grows_with_a_planted_scale(samples):
    data = samples[1]
    found = [distance(scaled(data, factor), data) for factor in (1.0, 1.1, 1.3, 2.0)]
    losses, signals = ([x[i] for x in found] for i in (0, 1))
    assert (np.diff(losses) > 0).all()
    shifts = [numbers["distance_signal"] for numbers in signals]
    # in units of the spread within a bin of distance and zenith angle
    assert shifts[3] / shifts[2] == pytest.approx(np.log(2) / np.log(1.3), rel=0.1)


def test_a_difference_that_depends_on_the_distance_alone_is_seen(samples):
    """Near stations brighter, far ones darker: the distribution of all signals hardly tells."""
    data = samples[1]
    order = np.argsort(np.argsort(data["distance"])) / len(data["distance"])
    swapped = data | {"distance": np.sort(data["distance"])[::-1][np.argsort(np.argsort(order))]}
    plain = {name: values[:2000] for name, values in data.items()}
    for read in OBSERVABLES.values():
        assert slow(swapped, plain, read) == pytest.approx(0)
    loss, numbers = distance(swapped, data)
    assert loss > 0.5
    assert numbers["distance_signal"] > 0.5


@pytest.mark.parametrize("name", OBSERVABLES)
def test_it_is_the_distance_of_sorted_values(samples, name):
    """Where all stations stand at one place and there are equally many."""
    place = {"distance": np.full(2000, 900.0), "zenith": np.full(2000, 30.0)}
    simulation, data = (events | place for events in samples[:2])
    _, numbers = distance(simulation, data)
    expected = slow(simulation, data, OBSERVABLES[name])
    assert numbers[f"distance_{name}"] == pytest.approx(expected)


def test_no_label_is_read(samples):
    simulation, data = samples[:2]
    without = [{name: events[name] for name in HIT} for events in (simulation, data)]
    assert distance(simulation, data) == distance(*without)


@pytest.mark.parametrize(
    ("refined", "data", "largest"), [(1, 1, 2000), (3, 16, 2000), (10, 10, 2000), (60, 60, 15)]
)
def test_a_few_events_do_not_blow_it_up(samples, refined, data, largest):
    """Bins may hold one event, or counts that are all the same; then times may be in ns."""
    rng = np.random.default_rng(1)
    for _ in range(20):
        parts = [
            {name: values[rng.permutation(2000)[:number]] for name, values in events.items()}
            for events, number in zip(samples, (refined, data), strict=False)
        ]
        assert 0 <= distance(*parts)[0] < largest


def test_samples_without_any_spread_have_a_distance():
    one = {"trace": np.full((40, 80), 3.0), "distance": np.arange(40.0), "zenith": np.arange(40.0)}
    loss, _ = distance(one, one)
    assert loss == 0
    more = one | {"trace": 2 * one["trace"]}
    loss, numbers = distance(more, one)
    assert 0 < loss < 100
    assert np.isfinite(list(numbers.values())).all()


def test_traces_that_are_no_numbers_show(samples):
    simulation, data = samples[:2]
    broken = simulation | {"trace": np.full_like(simulation["trace"], np.nan)}
    assert np.isnan(distance(broken, data)[0])


def test_the_energys_loss_and_history():
    truth = torch.tensor([18.5, 19.0, 20.0])
    output = truth + torch.tensor([0.1, -0.2, 0.4])
    losses, number = EnergyRegression().loss(output, {"lg_energy": truth})
    assert float(losses) == pytest.approx(0.21, abs=1e-5)
    assert float(number) == 3
    predicted = {k: v.numpy() for k, v in EnergyRegression().predict(output).items()}
    assert predicted.keys() == {"predicted_lg_energy"}
    found = EnergyRegression().monitor(predicted, {"lg_energy": truth})
    assert found["validation_bias"] == pytest.approx(0.1, abs=1e-5)
    assert found["validation_width"] == pytest.approx(np.std([0.1, -0.2, 0.4]), abs=1e-5)


def test_the_two_sample_score_grows_with_the_second_one():
    test = TwoSampleTest()
    assert test.label == "label"
    scores = test.predict(torch.tensor([-2.0, 0.0, 2.0]))["score"]
    assert scores.dtype == torch.float64
    assert scores.diff().min() > 0
    batch = {"label": torch.tensor([0, 1])}
    right, wrong = (test.loss(torch.tensor(x), batch)[0] for x in ([-3.0, 3.0], [3.0, -3.0]))
    assert right < wrong
