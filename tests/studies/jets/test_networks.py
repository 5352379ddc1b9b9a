from typing import get_args

import pytest
import torch
from pydantic import ValidationError
from torch import nn

from cascade.errors import CascadeError
from cascade.layers import activations, convolution, pooling
from cascade.studies.jets.feature_maps import map_lengths
from cascade.studies.jets.networks import cnn, fully_connected, maxout
from cascade.studies.jets.settings import CNNSettings, FullyConnectedSettings, MaxOutSettings

SMALL = {"first_channels": 6, "channels": [8, 8], "dense": [10]}
ACTIVATIONS = get_args(activations.ActivationName)

VARIANTS = [
    {},
    *({"first_kernel": kernel} for kernel in (3, 7, 11)),
    *({"unit": unit} for unit in ("residual", "inception", "separable", "dilated")),
    *({"unit": unit, "depth": 3} for unit in ("plain", "residual", "separable")),
    *({"pooling": name} for name in ("max", "overlapping_max", "stride")),
    *({"activation": name} for name in ACTIVATIONS),
    *({"head": head, "dense": []} for head in ("flatten", "global_average", "global_max")),
    {"normalisation": "none"},
    {"normalisation": "none", "unit": "residual"},
    {"normalisation": "none", "unit": "inception", "pooling": "stride"},
    {"views": ["log"]},
    {"spatial_dropout": 0.2, "pooling_dropout": 0.1, "dropout": 0.4},
    {"spatial_dropout": 0.2, "activation": "selu"},
    {"pooling": "none", "unit": "dilated", "depth": 2, "head": "global_average"},
    {"pooling_size": [2, 3, 3]},
    {"channels": [], "dense": []},
]


def disks(jets=64, size=25):
    """Images with one wide or one narrow spot somewhere, with their labels."""
    torch.manual_seed(1)
    label = torch.arange(jets) % 2
    centre = torch.rand(jets, 2, 1, 1) * size / 2 + size / 4
    axis = torch.arange(size, dtype=torch.float32)
    distance = (axis[:, None] - centre[:, 0]) ** 2 + (axis - centre[:, 1]) ** 2
    width = 1.5 + 2 * label[:, None, None]
    return torch.exp(-distance / width**2), label.float()


def train(network, steps=1, rate=1e-3):
    """Return the losses at all steps of a short training."""
    images, label = disks()
    optimiser = torch.optim.Adam(network.parameters(), lr=rate)
    losses = []
    for _ in range(steps):
        loss = nn.functional.binary_cross_entropy_with_logits(network(images), label)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    return losses


def parameters(network):
    return sum(p.numel() for p in network.parameters())


@pytest.mark.parametrize("variant", VARIANTS, ids=str)
def test_every_option_builds_and_takes_a_step(variant):
    torch.manual_seed(0)
    network = cnn(CNNSettings(**(SMALL | variant)))
    assert network(torch.randn(3, 25, 25)).shape == (3,)
    before = [p.detach().clone() for p in network.parameters()]
    assert all(loss == loss for loss in train(network, steps=3))
    # the first branches of residual units learn from the second step on: their last layer is 0
    assert all(not torch.equal(a, b) for a, b in zip(before, network.parameters(), strict=True))


@pytest.mark.parametrize(
    "variant",
    [
        {},
        {"unit": "residual", "normalisation": "none"},
        {"unit": "inception"},
        {"unit": "separable", "activation": "elu"},
        {"unit": "dilated", "pooling": "none", "head": "global_average", "activation": "selu"},
    ],
    ids=str,
)
def test_learns_a_tiny_problem(variant):
    torch.manual_seed(0)
    losses = train(cnn(CNNSettings(**(SMALL | {"dropout": 0.0} | variant))), 40, rate=1e-2)
    assert losses[-1] < 0.3 * losses[0]


@pytest.mark.parametrize(
    ("build", "settings"),
    [
        (fully_connected, FullyConnectedSettings()),
        (fully_connected, FullyConnectedSettings(widths=[20], depth=3, normalisation="batch")),
        (fully_connected, FullyConnectedSettings(activation="selu", input_dropout=0.1)),
        (maxout, MaxOutSettings()),
    ],
    ids=["fully_connected", "deep", "selu", "maxout"],
)
def test_dense_networks_learn(build, settings):
    torch.manual_seed(0)
    network = build(settings)
    assert network(torch.randn(3, 25, 25)).shape == (3,)
    losses = train(network, 40)
    assert losses[-1] < 0.6 * losses[0]


def test_depth_repeats_layers():
    layers = list(cnn(CNNSettings(channels=[16], depth=9)).modules())
    assert sum(isinstance(m, nn.Conv2d) for m in layers) == 1 + 9
    layers = list(cnn(CNNSettings(channels=[32], depth=9, unit="residual")).modules())
    assert sum(isinstance(m, nn.Conv2d) for m in layers) == 1 + 2 * 9
    layers = fully_connected(FullyConnectedSettings(widths=[8], depth=9)).modules()
    assert sum(isinstance(m, nn.Linear) for m in layers) == 9 + 1


@pytest.mark.parametrize("normalisation", ["none", "batch"])
def test_deep_residual_network_starts_with_a_healthy_gradient(normalisation):
    torch.manual_seed(0)
    settings = {"channels": [8], "first_channels": 8, "depth": 20, "normalisation": normalisation}
    norms = {}
    for unit in ("plain", "residual"):
        network = cnn(CNNSettings(unit=unit, activation="sigmoid", dropout=0.0, **settings))
        train(network)
        norms[unit] = next(network.parameters()).grad.norm().item()
    assert 1e-4 < norms["residual"] < 10
    if normalisation == "none":
        assert norms["residual"] > 1e6 * norms["plain"]


def test_default_is_modest_and_a_separable_one_smaller():
    assert parameters(cnn(CNNSettings())) < 120_000
    assert parameters(cnn(CNNSettings(unit="separable"))) < parameters(cnn(CNNSettings()))


def test_published_convolutional_network():
    settings = CNNSettings(
        views=["log"],
        first_channels=64,
        channels=[32, 32],
        normalisation="none",
        pooling="max",
        pooling_size=[2, 3, 3],
        dense=[64],
        dropout=0.2,
    )
    assert map_lengths(settings) == [25, 12, 4, 1]
    assert parameters(cnn(settings)) == 64 * 122 + 32 * 577 + 32 * 289 + 33 * 64 + 65


def test_evaluation_is_free_of_chance_and_of_the_batch():
    torch.manual_seed(0)
    settings = CNNSettings(normalisation="batch", spatial_dropout=0.3, pooling_dropout=0.3)
    network = cnn(settings)
    train(network)
    network.eval()
    images, _ = disks()
    torch.testing.assert_close(network(images)[:5], network(images[:5]))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"channels": [8] * 4, "kernel": 1},
            r"5 times average pooling .*25 → 12 → 6 → 3 → 1.*at most 4",
        ),
        ({"channels": [8] * 3, "pooling": "overlapping_max"}, r"25 → 12 → 5 → 2, then nothing"),
        ({"channels": [8] * 4}, r"stage 4 .*3 × 3 .*map there has 1 × 1: .*at most 3 stages"),
        ({"first_kernel": 51}, r"first convolution .*51 × 51 .*25 × 25: a filter of 49 fit"),
        ({"first_kernel": 6}, "first_kernel is 6, .*: 5 or 7"),
        ({"kernel": 4}, "kernel is 4, .*: 3 or 5"),
        ({"unit": "dilated", "depth": 4}, "dilated by 16, .*12 × 12: .*less depth"),
        ({"unit": "inception", "channels": [8, 3]}, "channels of 3 .*at least 4"),
        ({"pooling_size": [2, 2]}, "pooling_size has 2 entries: .*, or 3"),
    ],
    ids=str,
)
def test_what_does_not_fit_is_said(settings, message):
    with pytest.raises(CascadeError, match=f"cnn: .*{message}"):
        cnn(CNNSettings(**settings))


def test_maxout_needs_a_dropout_a_layer():
    with pytest.raises(CascadeError, match="dropouts has 4 entries for 3 layers"):
        maxout(MaxOutSettings(widths=[64]))


@pytest.mark.parametrize("wrong", [{"unit": "res"}, {"channels": [0]}, {"dropout": 1.0}], ids=str)
def test_impossible_values_are_refused(wrong):
    with pytest.raises(ValidationError):
        CNNSettings(**wrong)


def test_settings_know_the_names_of_the_layers():
    fields = CNNSettings.model_fields
    assert set(get_args(fields["activation"].annotation)) == set(ACTIVATIONS)
    assert set(get_args(fields["normalisation"].annotation)) == set(
        get_args(convolution.NormalisationName)
    )
    assert set(get_args(fields["pooling"].annotation)) == set(get_args(pooling.PoolingName))
    assert set(get_args(fields["head"].annotation)) == {
        "flatten",
        *get_args(pooling.GlobalPoolingName),
    }
