"""Refiner and critic on normal distributions, where distance and transport are known."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import torch
from scipy.stats import norm

from cascade.errors import CascadeError
from cascade.training.scaling import Scaled
from cascade.training.settings import Optimiser, Schedule, Training
from cascade.training.wasserstein import WARM_UP, WassersteinRefinement
from training.gaussians import INPUTS, SEEN, Pair, PairSettings, declared, draw, train, write

MEAN, DEVIATION = 1.5, 0.5
BETAS = {"betas": [0.0, 0.9]}
FROZEN = Optimiser(lr=1e-12)
LIMITS = {"penalty": {"penalty": 10.0}, "spectral": {"penalty": 0.0}}


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def small(tmp_path):
    """Samples for trainings of which the steps are looked at, not the end: 7 steps an epoch."""
    return write(tmp_path, simulation=draw(330), data=draw(330, MEAN, seed=2))


def expected_estimate(penalty):
    """Return what the best critic says of N(0, 1) and N(MEAN, 1).

    With w the difference of both cumulative distributions, whose integral is the distance, and p
    the density on the lines between both samples, ∫ f′ w − λ ∫ p (f′ − 1)² is largest at
    f′ = 1 + w / (2 λ p).
    """
    x, step = np.linspace(-7, 9, 3001, retstep=True)
    w = norm.cdf(x) - norm.cdf(x, MEAN)
    shares = (np.arange(100) + 0.5) / 100
    p = norm.pdf(x[:, None], shares * MEAN, np.hypot(shares, 1 - shares)).mean(axis=1)
    return np.sum(w + w**2 / (2 * penalty * p)) * step


@pytest.mark.parametrize("limit", LIMITS)
def test_shift_and_scale_are_recovered(tmp_path, limit):
    write(tmp_path, simulation=draw(4000), data=draw(4000, MEAN, DEVIATION, seed=2))
    weights, rows = train(
        tmp_path,
        adversary={"critic_steps": 3, "averaging": 0.9, **LIMITS[limit]},
        training={
            "epochs": 30, "batch_size": 200, "optimiser": Optimiser(lr=0.05, settings=BETAS),
            "schedule": Schedule(name="cosine"),
        },
        spectral=limit == "spectral",
    )  # fmt: skip
    shift, log_scale = weights["network.averaged.weight"][0].tolist()
    assert shift == pytest.approx(MEAN, abs=0.06)
    assert np.exp(log_scale) == pytest.approx(DEVIATION, abs=0.06)
    assert rows["validation_loss"][0] > 1
    assert rows["validation_loss"][-1] < 0.06
    assert abs(rows["validation_wasserstein"][-1]) < 0.06


@pytest.mark.parametrize("limit", LIMITS)
def test_the_critic_finds_the_known_distance(tmp_path, limit):
    write(tmp_path, simulation=draw(4000), data=draw(4000, MEAN, seed=2))
    _, rows = train(
        tmp_path,
        adversary=LIMITS[limit],
        training={
            "epochs": 12, "batch_size": 200, "optimiser": FROZEN,
            "schedule": Schedule(name="cosine"),
        },
        spectral=limit == "spectral",
    )  # fmt: skip
    penalty = LIMITS[limit]["penalty"]
    expected = expected_estimate(penalty) if penalty else MEAN
    assert MEAN <= expected < 1.1 * MEAN
    assert rows["validation_wasserstein"][-1] == pytest.approx(expected, abs=0.04)
    assert rows["train_loss"][-1] == pytest.approx(expected, abs=0.04)
    # what selects an epoch is the objective's own distance
    assert rows["validation_loss"] == pytest.approx(MEAN, abs=0.03)


def test_equal_samples_stay_and_have_no_distance(tmp_path):
    write(tmp_path, simulation=draw(2000), data=draw(2000, seed=2))
    weights, rows = train(tmp_path, training={"epochs": 5, "optimiser": Optimiser(lr=1e-3)})
    assert abs(rows["validation_wasserstein"][-1]) < 0.1
    assert weights["network.averaged.weight"].abs().max() < 0.1


@pytest.mark.parametrize("every", [1, 3])
def test_the_refiner_takes_every_nth_step(small, every):
    train(small, adversary={"critic_steps": every}, training={"epochs": 2})
    assert len(SEEN) == 14
    before = Pair(PairSettings()).refiner.weight.detach().flatten()
    for number, step in enumerate(SEEN, start=1):
        # counted through the seam of the epochs
        assert torch.equal(step["refiner"], before) == (number % every != 0), number
        before = step["refiner"]
    critics = [step["critic"] for step in SEEN]
    assert all(not torch.equal(a, b) for a, b in pairwise(critics))


@pytest.mark.parametrize("keep", [0.0, 0.7, 0.999])
def test_the_averaged_weights_are_the_moving_average(small, keep):
    """Over the last steps, and at the beginning over fewer of them."""
    weights, _ = train(
        small, adversary={"critic_steps": 2, "averaging": keep}, training={"epochs": 8}
    )
    average, before, turn = np.zeros(2), np.zeros(2), 0
    for step in SEEN:
        now = step["refiner"].double().numpy()
        if (now != before).any():
            share = min(keep, (turn + 1) / (turn + WARM_UP))
            average, before, turn = share * average + (1 - share) * now, now, turn + 1
        np.testing.assert_allclose(step["averaged"], average, rtol=1e-4, atol=1e-9)
    assert turn == 28
    assert np.abs(average).min() > 0
    assert any(np.array_equal(weights["network.averaged.weight"][0], s["averaged"]) for s in SEEN)


@pytest.mark.parametrize("events", [20, 120, 1000])
def test_data_may_be_fewer_or_more(tmp_path, events):
    """Fewer than a batch, than simulation, and more than that."""
    write(tmp_path, simulation=draw(330), data=draw(events, MEAN, seed=2))
    _, rows = train(tmp_path, training={"epochs": 3})
    assert len(SEEN) == 21
    assert np.isfinite([list(row) for row in rows.tolist()]).all()
    # all of simulation is validated, beside as many batches of data
    assert rows["events"].tolist() == [330] * 3
    assert rows["data"].tolist() == [min(2 * events, 400)] * 3


def bare_task(objective=None):
    torch.manual_seed(1)
    network = Scaled(Pair(PairSettings()), INPUTS, {}, dict.fromkeys(INPUTS, ()))
    return WassersteinRefinement(network, objective, INPUTS, Training(), 10)


def test_simulation_is_refined_and_not_data():
    batch = {
        "data": {"x": torch.full((5,), 2.0), "known": torch.zeros(5)},
        "simulation": {"x": torch.full((5,), 1.0), "known": torch.zeros(5)},
    }
    task = bare_task()
    assert task.events(batch)["x"].unique().tolist() == [1.0]
    task.network.eval()
    output = task.validation_step(batch)
    assert output["refined"]["x"].unique().tolist() == [1.0]
    assert output["data"]["x"].unique().tolist() == [2.0]


def test_the_epoch_is_judged_by_all_batches():
    class Means:
        def distance(self, refined, data):
            return refined["x"].mean() - data["x"].mean(), {"known": data["known"].sum()}

    task = bare_task(Means())
    task.network.eval()
    with torch.no_grad():
        task.pair.averaged.weight[0, 0] = 3.0
    torch.manual_seed(2)
    both = {role: {name: torch.randn(30) for name in INPUTS} for role in ("simulation", "data")}
    parts = [
        {role: {k: v[a:b] for k, v in events.items()} for role, events in both.items()}
        for a, b in ((0, 20), (20, 30))
    ]
    with torch.no_grad():
        loss, numbers = task.judge([task.validation_step(part) for part in parts], {})
        scores = [
            task.pair.critic(torch.stack([both[role]["x"] + shift, both[role]["known"]], dim=1))
            for role, shift in (("simulation", 3.0), ("data", 0.0))
        ]
    refined = both["simulation"]["x"] + 3
    assert float(loss) == pytest.approx(float(refined.mean() - both["data"]["x"].mean()), abs=1e-5)
    assert numbers["known"] == pytest.approx(float(both["data"]["known"].sum()), abs=1e-4)
    expected = float(scores[1].mean() - scores[0].mean())
    assert numbers["validation_wasserstein"] == pytest.approx(expected, abs=1e-5)


EPOCHS, STEPS = 4, 7


def one_cycle(step):
    """Up from 1/25 in three tenths of the steps, down to 1/250,000; both along a cosine."""
    peak = 0.3 * EPOCHS * STEPS - 1
    if step <= peak:
        return 1 - 24 / 25 * (1 + np.cos(np.pi * step / peak)) / 2
    done = (step - peak) / (EPOCHS * STEPS - 1 - peak)
    return 4e-6 + (1 - 4e-6) * (1 + np.cos(np.pi * done)) / 2


SCHEDULES = {
    "constant": lambda step: 1.0,
    "cosine": lambda step: (1 + np.cos(np.pi * step / (EPOCHS * STEPS))) / 2,
    "exponential": lambda step: 0.3 ** (step // STEPS),
    # the first epoch is a gain, the second none: falls behind it and all others
    "plateau": lambda step: 0.3 ** max(step // STEPS - 1, 0),
    "one_cycle": one_cycle,
}


@pytest.mark.parametrize("name", SCHEDULES)
def test_both_optimisers_follow_the_schedule(small, name):
    rates = {"refiner": 2e-3, "critic": 8e-3}
    train(
        small,
        declared("NoGain"),
        adversary={"critic": Optimiser(lr=rates["critic"])},
        training={
            "epochs": EPOCHS,
            "optimiser": Optimiser(lr=rates["refiner"]),
            "schedule": Schedule(name=name, patience=0),
        },
    )
    # noted after the step, when a schedule by steps has moved on
    ahead = 1 if name in ("cosine", "one_cycle") else 0
    for number, step in enumerate(SEEN[: EPOCHS * STEPS - 1]):
        expected = np.multiply(list(rates.values()), SCHEDULES[name](number + ahead))
        np.testing.assert_allclose(step["rates"], expected, rtol=1e-6, atol=1e-12)


def test_the_history_tells_the_refiners_rate_and_gradients(small):
    _, rows = train(small, adversary={"critic_steps": 10}, training={"epochs": 3})
    assert rows["learning_rate"].tolist() == [1e-2] * 3
    # 7 steps an epoch: the refiner's turns are the steps 10 and 20
    assert (rows["gradient_first"] > 0).tolist() == [False, True, True]
    estimates = np.reshape([step["estimate"] for step in SEEN], (3, 7))
    sizes = [50] * 6 + [30]
    np.testing.assert_allclose(
        rows["train_loss"], np.average(estimates, axis=1, weights=sizes), rtol=1e-5
    )


def test_gradients_of_both_are_clipped(small):
    plain = {"optimiser": Optimiser(name="SGD", lr=1.0), "clip": 1e-3}
    train(
        small,
        adversary={"critic": Optimiser(name="SGD", lr=1.0), "critic_steps": 1},
        training=plain,
    )
    for part in ("refiner", "critic"):
        weights = torch.stack([step[part] for step in SEEN]).double()
        steps = weights.diff(dim=0).norm(dim=1)
        assert steps.max() == pytest.approx(1e-3, rel=0.01)


def test_the_training_stops_without_gain(small):
    _, rows = train(
        small, declared("NoGain"),
        training={"epochs": 9, "patience": 2, "schedule": Schedule(name="constant")},
    )  # fmt: skip
    assert rows["epoch"].tolist() == [1, 2, 3]


def test_what_is_refined_stays_in_its_unit(small):
    with pytest.raises(CascadeError, match=r"^training\.scaling\.x: is what is refined, and stay"):
        train(small, declared(scaling={"x": "standard"}))
    train(small, declared(scaling={"known": "standard"}), training={"epochs": 1})


@pytest.mark.parametrize(
    ("critic", "message"),
    [
        ({"settings": {"beta": [0, 0.9]}}, r"settings\.beta: .* did you mean 'betas'"),
        ({"settings": {"lr": 1.0}}, r"settings\.lr: give it as settings\.adversary\.critic\.lr"),
        ({"settings": {"betas": 3}}, r"settings: torch\.optim\.Adam does not accept"),
    ],
)
def test_mistakes_in_the_critics_optimiser_are_found_there(small, critic, message):
    with pytest.raises(CascadeError, match=rf"^settings\.adversary\.critic\.{message}"):
        train(small, adversary={"critic": Optimiser(**critic)})
