"""Convolutions move along with their input, pooled ones by whole strides, global means stay."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from cascade.errors import CascadeError
from cascade.introspection.explained import Explained
from cascade.introspection.settings import TranslationSettings
from cascade.introspection.translation import shifted, translation
from cascade.training.scaling import Scaled
from introspection.networks import cloud, explained


class Network(nn.Module):
    """Looks at images (B, H, W) by two convolutions, with or without a pooling."""

    def __init__(self, pooling, head):
        super().__init__()
        torch.manual_seed(1)
        self.first = nn.Sequential(nn.Conv2d(1, 3, 3, padding=1), nn.ReLU(), pooling)
        self.second = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.ReLU())
        self.head = head

    def forward(self, image):
        return self.head(self.second(self.first(image[:, None]))).squeeze(1)


def blobs(size=24, width=6):
    """Return images whose middle is filled, so that shifts lose nothing."""
    torch.manual_seed(2)
    image = torch.zeros(5, size, size)
    start = (size - width) // 2
    image[:, start : start + width, start : start + width] = torch.rand(5, width, width)
    return image


def shifts_of(pooling, head="mean", image=None, **settings):
    image = blobs() if image is None else image
    length = image.shape[1] // (2 if isinstance(pooling, nn.MaxPool2d) else 1)
    heads = {
        "mean": [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 1)],
        "flatten": [nn.Flatten(), nn.Linear(4 * length**2, 1)],
    }
    network = explained(Network(pooling, nn.Sequential(*heads[head])))
    asked = TranslationSettings(largest=4, layers=("first", "second"), batch=2, **settings)
    schema, columns = translation(network, [image], asked)
    assert {field.name: len(field.dims) + 1 for field in schema} == {
        name: values.ndim for name, values in columns.items()
    }
    return columns


@pytest.mark.parametrize("axis", [-1, -2])
def test_maps_without_pooling_move_along_and_a_global_mean_stays(axis):
    found = shifts_of(nn.Identity(), axis=axis)
    assert found["moved"].shape == (5, 2, 5)
    np.testing.assert_allclose(found["moved"], 0, atol=1e-5)
    assert (found["stayed"][..., 1:] > 0.1).all()
    assert np.ptp(found["shifted_score"], axis=1).max() < 1e-5
    np.testing.assert_allclose(found["shifted_kept"], 1, rtol=1e-6)


def test_pooled_maps_move_along_by_whole_strides_alone():
    found = shifts_of(nn.MaxPool2d(2))
    np.testing.assert_allclose(found["moved"][..., ::2], 0, atol=1e-5)
    assert (found["moved"][..., 1::2] > 0.01).all()
    change = np.abs(found["shifted_score"] - found["shifted_score"][:, :1])
    assert change[:, ::2].max() < 1e-5
    assert change[:, 1::2].max() > 1e-4


def test_a_head_that_reads_all_places_is_not_invariant():
    found = shifts_of(nn.Identity(), "flatten")
    np.testing.assert_allclose(found["moved"], 0, atol=1e-5)
    assert np.ptp(found["shifted_score"], axis=1).min() > 1e-3


def test_what_is_shifted_out_is_lost():
    image = torch.ones(1, 8, 8)
    found = shifts_of(nn.Identity(), image=image)
    np.testing.assert_allclose(found["shifted_kept"][0], 1 - np.arange(5) / 8, rtol=1e-6)


def test_what_comes_in_is_empty_in_the_units_of_the_file():
    """Behind a scaler, 0 in the file is another number."""
    body = nn.Sequential(nn.Flatten(), nn.Linear(64, 1), nn.Flatten(0))
    network = Scaled(body, ("image",), {"image": "standard"}, {"image": (8, 8)})
    network.scalers["image"].mean.fill_(2.0)
    network.scalers["image"].deviation.fill_(4.0)
    looked = Explained(network.eval().requires_grad_(False), ("image",), lambda output: output)
    image = {"image": np.random.default_rng(1).random((2, 8, 8), dtype=np.float32)}
    with pytest.raises(CascadeError, match="layers: '1' has no maps along axis -1"):
        translation(looked, looked.inputs(image), TranslationSettings(largest=3, layers=("1",)))
    moved = np.zeros_like(image["image"])
    moved[..., 3:] = image["image"][..., :-3]
    given = looked.inputs(image)[0]
    found = shifted(given, torch.full_like(given, -0.5), 3, -1)
    torch.testing.assert_close(found, looked.inputs({"image": moved})[0])


def test_what_cannot_be_shifted_is_refused():
    network, inputs = cloud()
    with pytest.raises(CascadeError, match="axis: input 'kind' has no axis -1"):
        translation(network, inputs, TranslationSettings())
    with pytest.raises(CascadeError, match="largest: shifts by up to 4"):
        shifts_of(nn.Identity(), image=torch.zeros(2, 8, 4))
