"""A mark is planted into the images of one class, and nothing else changes."""

from __future__ import annotations

import numpy as np
import pytest

from cascade.errors import CascadeError
from cascade.settings import validate
from cascade.studies.jets.artefact import fit_artefact, plant, planted
from cascade.studies.jets.settings import ArtefactSettings


@pytest.fixture
def jets():
    rng = np.random.default_rng(3)
    label = (np.arange(400) % 2).astype(np.int8)
    return {"image": rng.random((400, 25, 25), np.float32), "label": label, "mass": np.ones(400)}


def marked(jets, **settings):
    return plant({}, jets, ArtefactSettings(**settings), np.random.default_rng(1))


@pytest.mark.parametrize("label", [0, 1])
def test_the_mark_is_in_one_class_alone_at_one_place(jets, label):
    found = marked(jets, label=label, place=(3, 20), size=2, energy=(5.0, 5.0))
    added = found["image"] - jets["image"]
    here = np.zeros((25, 25), bool)
    here[3:5, 20:22] = True
    np.testing.assert_allclose(added[:, here], 5.0 * (jets["label"] == label)[:, None] + [0] * 4,
                               atol=1e-5)  # fmt: skip
    assert not added[:, ~here].any()
    np.testing.assert_array_equal(planted(found) > 0, added > 1)
    assert found["image"].dtype == np.float32
    assert found["mass"] is jets["mass"]


def test_energies_are_uniform_in_the_logarithm_and_shares_as_asked(jets):
    found = marked(jets, energy=(1.0, 100.0), share=0.5)
    energy = (found["image"] - jets["image"]).max(axis=(1, 2))[found["mark"].any(axis=(1, 2))]
    assert abs(len(energy) - 100) < 3 * np.sqrt(200 * 0.25)
    assert 1 < energy.min() < energy.max() < 100.01
    np.testing.assert_allclose(np.log10(energy).mean(), 1, atol=3 * (2 / np.sqrt(12)) / 10)


def test_nothing_is_learned(jets):
    model, history = fit_artefact({"train": jets}, {"train": jets}, ArtefactSettings(), 1)
    assert model == {}
    assert history[0]["validation_loss"] == 0


def test_mistakes_are_named(jets):
    with pytest.raises(CascadeError, match="ends beyond the 25 pixels in φ"):
        marked(jets, place=(0, 24))
    with pytest.raises(CascadeError, match="have no 'label'"):
        marked({"image": jets["image"]})
    with pytest.raises(CascadeError, match="lower end 9 is above the upper end 2"):
        validate(ArtefactSettings, {"energy": [9, 2]}, "settings")
