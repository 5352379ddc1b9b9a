"""A user's events fall into splits: each into one, whatever the chunks."""

from __future__ import annotations

import json

import awkward as ak
import numpy as np
import pytest
import uproot
from hypothesis import given, settings
from hypothesis import strategies as st

from cascade.commands.ingest import keeper
from cascade.events import hdf5

SHARES = {"train": 0.5, "validation": 0.2, "test": 0.3}


@settings(max_examples=50)
@given(seed=st.integers(0, 10**6), cuts=st.lists(st.integers(0, 2000), max_size=6))
def test_splits_are_disjoint_and_complete_in_any_chunks(seed, cuts):
    edges = [0, *sorted(cuts), 2000]
    whole = np.array([keeper(SHARES, split, seed)(0, 2000) for split in SHARES])
    assert (whole.sum(0) == 1).all()
    for split, expected in zip(SHARES, whole, strict=True):
        keep = keeper(SHARES, split, seed)
        parts = [keep(edges[i], edges[i + 1] - edges[i]) for i in range(len(edges) - 1)]
        np.testing.assert_array_equal(np.concatenate(parts), expected)
    # five standard deviations
    found = whole.mean(1)
    np.testing.assert_allclose(found, list(SHARES.values()), atol=5 * 0.5 / np.sqrt(2000))


def test_shares_below_one_leave_events_out():
    some = keeper({"train": 0.2, "test": 0.1}, "train", 1)(0, 10000)
    other = keeper({"train": 0.2, "test": 0.1}, "test", 1)(0, 10000)
    assert not (some & other).any()
    assert (some | other).mean() == pytest.approx(0.3, abs=0.02)


def test_another_seed_gives_other_splits():
    masks = [keeper(SHARES, "train", seed)(0, 100) for seed in (1, 2)]
    assert (masks[0] != masks[1]).any()


@pytest.fixture
def mine(tmp_path):
    """Write two ROOT files of two-prong jets, each of a transverse momentum of its own."""
    pt = np.linspace(252, 298, 120)
    for name, part in (("w.root", pt[::2]), ("qcd.root", pt[1::2])):
        prongs = ak.Array(np.stack([0.6 * part, 0.4 * part], axis=1))
        zero = ak.zeros_like(prongs)
        with uproot.recreate(tmp_path / name) as file:
            file["jets"] = {
                "pt": prongs, "eta": zero + np.array([0.05, 0.05]),
                "phi": zero + np.array([0.0, 0.6]),
            }  # fmt: skip
    return {
        "tree": "jets",
        "polar": {"pt": "pt", "eta": "eta", "phi": "phi"},
        "labels": {"w.root": 1, "qcd.root": 0},
        "selection": {"pt": [200, 350], "mass": [1, 300]},
    }


def test_ingested_splits_share_no_event_and_lose_none(call, mine):
    def ingest(*options):
        call("ingest", "jets", "root", "w.root", "qcd.root", "--seed", 3,
             "--settings", json.dumps(mine), *options, "-o", "events.h5")  # fmt: skip
        return hdf5.read("events.h5", ["pt", "label"])

    whole = ingest()
    assert len(whole["pt"]) == 120
    assert len(set(whole["pt"])) == 120
    assert sorted(whole["label"]) == [0] * 60 + [1] * 60
    parts = [ingest("--split", split, "--fractions", json.dumps(SHARES)) for split in SHARES]
    together = np.concatenate([part["pt"] for part in parts])
    assert sorted(together) == sorted(whole["pt"])
    labels = dict(zip(whole["pt"], whole["label"], strict=True))
    for part in parts:
        assert [labels[pt] for pt in part["pt"]] == part["label"].tolist()
    origin = hdf5.attributes("events.h5")
    assert json.loads(origin["fractions"]) == SHARES
    assert [file for file, _ in json.loads(origin["files"])] == ["w.root", "qcd.root"]
