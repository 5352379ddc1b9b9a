"""The refiner of traces and its critic, untrained or with random weights."""

from __future__ import annotations

import math

import pytest
import torch

from cascade.declarations import resolve
from cascade.errors import CascadeError
from cascade.settings import validate
from cascade.studies.refinement import STUDY
from cascade.studies.refinement.networks import refiner
from cascade.studies.refinement.networks.refiner import LARGEST_GAIN, Critic
from cascade.studies.refinement.settings import RefinerSettings
from cascade.studies.refinement.settings.networks import CriticSettings
from cascade.study import Network

BINS = 24


def made(seed=1, **changes):
    torch.manual_seed(seed)
    return refiner(validate(RefinerSettings, {"bins": BINS, "channels": 4, **changes}))


@torch.no_grad()
def shaken(network, size=0.3, seed=2):
    """Return the network with random weights everywhere, the kept ones other than the learning."""
    torch.manual_seed(seed)
    for weight in network.parameters():
        weight.add_(size * torch.randn_like(weight))
    return network


def hits(number=6, seed=3):
    """Return traces of very different sizes, and scaled distances and zenith angles."""
    torch.manual_seed(seed)
    sizes = torch.logspace(-1, 4, number)[:, None]
    return sizes * torch.rand(number, BINS), torch.randn(number), torch.randn(number)


def noise(number=6, seed=4):
    torch.manual_seed(seed)
    return torch.randn(number, BINS)


def test_it_starts_as_the_identity_with_noise():
    network, (trace, *known) = made(), hits()
    for learning in (True, False):
        with torch.no_grad():
            quiet = network.train(learning)(trace, *known, torch.zeros_like(trace))
            noisy = network(trace, *known, noise())
        torch.testing.assert_close(quiet, trace)
        assert not torch.allclose(noisy, trace)
        # small for what is large
        torch.testing.assert_close(noisy[-1], trace[-1], rtol=0.6, atol=50)


def test_noise_alone_decides_between_equal_traces():
    network, inputs = shaken(made()).eval(), hits()
    with torch.no_grad():
        first, again, other = (network(*inputs, noise(seed=seed)) for seed in (1, 1, 2))
        torch.manual_seed(5)
        drawn, next_drawn = network(*inputs), network(*inputs)
        torch.manual_seed(5)
        redrawn = network(*inputs)
    assert torch.equal(first, again)
    assert torch.equal(drawn, redrawn)
    assert not torch.equal(first, other)
    assert not torch.equal(drawn, next_drawn)


@pytest.mark.parametrize("value", [0.0, 1e-3, 1e5])
@pytest.mark.parametrize("size", [0.0, 0.3, 30.0])
def test_traces_stay_finite_and_not_negative(value, size):
    """However large weights are: gains are bounded."""
    network = shaken(made(), size).eval()
    trace = torch.full((5, BINS), value)
    trace[0] = 0
    known = torch.linspace(-3, 3, 5)
    with torch.no_grad():
        refined = network(trace, known, -known, noise(5))
        quiet = network(trace, known, -known, torch.zeros(5, BINS))
        seen = network.views(refined, known, -known)
        scores = network.critic(seen)
    for found in (refined, seen, scores):
        assert found.isfinite().all()
    assert (refined >= 0).all()
    assert (quiet <= trace * math.exp(LARGEST_GAIN) * 1.001).all()
    assert (quiet >= trace * math.exp(-LARGEST_GAIN) * 0.999).all()


def test_traces_do_not_see_each_other():
    network, inputs = shaken(made()).eval(), (*hits(), noise())
    with torch.no_grad():
        together = network(*inputs)
        for row in range(len(together)):
            alone = network(*(x[row : row + 1] for x in inputs))
            torch.testing.assert_close(alone[0], together[row], rtol=1e-4, atol=1e-4)


def test_distance_zenith_angle_and_signal_all_matter():
    network, (trace, *known) = shaken(made()).eval(), hits()
    quiet = torch.zeros_like(trace)
    with torch.no_grad():
        before = network(trace, *known, quiet)
        for place in range(2):
            moved = [x + (place == i) for i, x in enumerate(known)]
            assert not torch.allclose(network(trace, *moved, quiet), before)
        factor = network(2 * trace, *known, quiet) / before
    assert (factor - 2).abs().max() > 1e-3


def test_what_is_applied_is_the_average():
    network, inputs = shaken(made()), (*hits(), noise())
    with torch.no_grad():
        learning, applied = network.train()(*inputs), network.eval()(*inputs)
        assert torch.equal(learning, network.refiner(*inputs))
    assert torch.equal(network.averaged(*inputs), applied)
    assert not torch.allclose(learning, applied)
    assert not any(weight.requires_grad for weight in network.averaged.parameters())


def test_the_average_starts_as_a_copy():
    network = made()
    pairs = zip(network.refiner.parameters(), network.averaged.parameters(), strict=True)
    for mine, kept in pairs:
        assert torch.equal(mine, kept)
        assert mine.data_ptr() != kept.data_ptr()


@pytest.mark.parametrize(
    "changes",
    [{}, {"critic": {"normalisation": "spectral"}, "adversary": {"penalty": 0}}],
    ids=["penalty", "spectral"],
)
def test_the_critics_gradient_reaches_all_of_the_refiner(changes):
    network, (trace, *known) = shaken(made(**changes)).train(), hits()
    refined = network(trace, *known)
    network.critic(network.views(refined, *known)).mean().backward()
    for name, weight in network.refiner.named_parameters():
        assert weight.grad is not None, name
        assert weight.grad.isfinite().all(), name
        assert weight.grad.any(), name


def test_the_first_step_has_a_gradient_to_follow():
    network, (trace, *known) = made().train(), hits()
    network.critic(network.views(network(trace, *known), *known)).mean().backward()
    for name, weight in network.refiner.named_parameters():
        if name.startswith(("change", "scale")):
            assert weight.grad.any(), name


def test_a_critic_that_limits_itself_has_slopes_up_to_one():
    torch.manual_seed(1)
    widths = {"hidden": (30, 20), "signal_hidden": (10,)}
    critic = Critic(BINS, CriticSettings(**widths, normalisation="spectral")).train()
    a, b = torch.randn(2, 500, 2 * BINS + 5)
    with torch.no_grad():
        for _ in range(20):
            critic(a)  # each forward pass goes on with the search for the largest singular value
        slopes = (critic(a) - critic(b)).abs() / (a - b).norm(dim=1)
    assert 0.001 < slopes.max() < 1.001
    free = Critic(BINS, CriticSettings(**widths))
    assert not any("parametrizations" in name for name, _ in free.named_parameters())


def test_critics_of_any_depth_give_one_number():
    for hidden in ((3,), (5, 4, 3)):
        critic = Critic(1, CriticSettings(hidden=hidden, signal_hidden=hidden[:1]))
        assert critic(torch.randn(4, 7)).shape == (4,)


def test_traces_of_another_length_are_refused():
    with pytest.raises(ValueError, match=r"a trace has 25 bins, settings\.bins is 24"):
        made()(torch.ones(2, BINS + 1), torch.ones(2), torch.ones(2))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"adversary": {"penalty": 0}}, "settings: the critic's slope needs one limit: adv"),
        ({"critic": {"normalisation": "spectral"}}, "settings: the critic's slope needs one limit"),
        ({"adversary": {"penalty": -1}}, r"settings\.adversary\.penalty: -1 is wrong: must be"),
        ({"adversary": {"critic_steps": 0}}, r"settings\.adversary\.critic_steps: 0 is wrong"),
        ({"adversary": {"averaging": 1}}, r"settings\.adversary\.averaging: 1 is wrong: must be"),
        ({"adversary": {"penalties": 1}}, r"penalties: unknown key; did you mean 'penalty'\?"),
        ({"adversary": {"critic": {"name": "Adm"}}}, r"adversary\.critic\.name: \"Adm\" is wrong"),
        ({"critic": {"normalisation": "spectr"}}, r"'none' or 'spectral'; did you mean 'spectral'"),
        ({"critic": {"hidden": []}}, r"settings\.critic\.hidden: \[\] is wrong"),
        ({"critic": {"signal_weight": 0}}, r"settings\.critic\.signal_weight: 0 is wrong"),
        ({"dilations": [1, 0]}, r"settings\.dilations\.1: 0 is wrong: must be greater than"),
        ({"bins": 4}, r"settings\.bins: 4 is wrong: must be greater than or equal to 8"),
    ],
)
def test_impossible_settings_are_refused(given, message):
    with pytest.raises(CascadeError, match=message) as caught:
        validate(RefinerSettings, given, "settings")
    assert "\n" not in str(caught.value)


def test_one_limit_of_the_slope_is_enough():
    for given in ({}, {"critic": {"normalisation": "spectral"}, "adversary": {"penalty": 0}}):
        validate(RefinerSettings, given)


@pytest.mark.parametrize("name", [n for n, m in STUDY.methods.items() if isinstance(m, Network)])
def test_every_network_can_be_built_twice_in_a_process(name):
    """Modules are named as functions of their package, and must not take their places."""
    method = STUDY.methods[name]
    for _ in range(2):
        assert resolve(method.network)(resolve(method.settings)()) is not None
