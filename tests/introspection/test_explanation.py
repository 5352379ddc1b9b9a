"""Explanations carry truth, flipping and chance of the same events, and find what was planted."""

from __future__ import annotations

import awkward as ak
import numpy as np
import pytest
import torch
from torch import nn

from cascade.errors import CascadeError
from cascade.evaluation.attribution import PixelFlipping, RelevanceMass
from cascade.events.schema import Field
from cascade.introspection import checked_ways
from cascade.introspection.batching import scores
from cascade.introspection.explanation import attributed, one_file
from cascade.introspection.settings import ExplanationSettings
from cascade.layers.ragged import Ragged
from introspection.networks import cloud, explained, linear

IMAGE = Field("image", "1", "", ("row", "column"))
ROWS = Field("energy", "1", "", ("row",), ragged=True)


def ways(*names, **settings):
    return checked_ways(names, settings, "ways", "settings")


def test_what_was_planted_is_found_and_flipped_first():
    network, truth, inputs = linear()
    evidence = truth.expand(40, 6, 6).to(torch.int8).clone()
    evidence[:, 0, 0] = -1  # does not count
    chosen = ways("gradient_times_input", "integrated_gradients")
    settings = ExplanationSettings(randomised=10)
    schema, found = attributed(network, inputs, chosen, settings, IMAGE, evidence)
    assert [field.name for field in schema] == list(found)
    np.testing.assert_allclose(found["explained"], scores(network, inputs, 64))
    np.testing.assert_array_equal(found["evidence"], evidence)
    for way in chosen:
        assert found[way].shape == (40, 6, 6)
        mass = RelevanceMass(found[f"{way}_share"], found["random_share"])
        assert (mass.share, mass.events) == (pytest.approx(1), 40)
        assert mass.random == pytest.approx((4 - int(truth[0, 0])) / 35)
        curves = PixelFlipping(
            np.array(settings.pixel_flipping.fractions),
            found[f"{way}_flipped"],
            found["random_flipped"],
        )
        assert curves.significance > 5
        randomised = found[f"{way}_randomised"]
        assert np.isfinite(randomised[:10]).all()
        assert np.isnan(randomised[10:]).all()
    # of a linear number integrated gradients share out all that it gained
    assert found["integrated_gradients_conservation"].max() < 1e-4
    assert "gradient_times_input_conservation" not in found


def test_relevance_that_speaks_against_the_number_counts_if_asked_for():
    class Difference(nn.Module):
        def forward(self, image):
            return image[:, 0, 0] - image[:, 0, 1]

    inputs = [torch.ones(3, 2, 2)]
    evidence = torch.tensor([[0, 1], [0, 0]], dtype=torch.int8).expand(3, 2, 2)
    for absolute, wanted in ((True, 0.5), (False, 0.0)):
        settings = ExplanationSettings(absolute=absolute, randomised=0, pixel_flipping=None)
        found = attributed(
            explained(Difference()), inputs, ways("gradient_times_input"), settings, IMAGE, evidence
        )[1]
        np.testing.assert_allclose(found["gradient_times_input_share"], wanted)
        assert set(found) == {
            "explained", "gradient_times_input", "evidence", "random_share",
            "gradient_times_input_share",
        }  # fmt: skip


def test_ragged_events_keep_their_rows():
    network, inputs = cloud((3, 2, 5))
    evidence = Ragged(
        torch.tensor([1, 0, 0, 1, 0, 0, 0, 1, 0, 0], dtype=torch.int8), inputs[0].counts
    )
    schema, found = attributed(
        network, inputs, ways("saliency"), ExplanationSettings(randomised=0), ROWS, evidence
    )
    fields = {field.name: field for field in schema}
    for name in ("saliency", "evidence"):
        assert fields[name].ragged
        assert ak.num(found[name]).tolist() == [3, 2, 5]
    total = ak.sum(found["saliency"], axis=1)
    np.testing.assert_allclose(
        found["saliency_share"],
        ak.sum(found["saliency"] * found["evidence"], axis=1) / total,
        rtol=1e-6,
    )


def test_a_baseline_is_taken_off_what_gradients_should_add_up_to():
    network, _, inputs = linear()
    chosen = ways("integrated_gradients", integrated_gradients={"baseline": "mean"})
    found = attributed(
        network, inputs, chosen, ExplanationSettings(randomised=0, pixel_flipping=None), IMAGE
    )[1]
    assert found["integrated_gradients_conservation"].max() < 1e-3


def test_a_way_that_does_not_apply_is_named():
    network, _, inputs = linear()
    with pytest.raises(CascadeError, match="grad_cam: the network has no convolution"):
        attributed(network, inputs, ways("grad_cam"), ExplanationSettings(), IMAGE)


def test_attributions_and_columns_share_a_file():
    network, _, inputs = linear()
    chosen = ways("saliency", "feature_maps")
    settings = ExplanationSettings(randomised=0, pixel_flipping=None)
    schema, found = one_file(network, inputs, chosen, settings=settings, elements=IMAGE)
    assert {"saliency", "feature_maps"} <= {field.name for field in schema} == set(found)
    assert {len(values) for values in found.values()} == {40}
