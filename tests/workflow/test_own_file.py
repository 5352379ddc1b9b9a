"""A user's own ROOT files through the real Snakemake, with the config of docs/own_data.md."""

from __future__ import annotations

import json

import numpy as np
import pytest
import uproot
import yaml

from cascade.events import hdf5
from cascade.studies.jets.settings import ToySettings
from cascade.studies.jets.toy import shower

pytestmark = pytest.mark.workflow

CONFIG = {
    "standalone": True,
    "studies": {
        "jets": {
            "reference": "mine",
            "samples": {
                "mine": {
                    "ingest": "root",
                    "files": ["w.root", "qcd.root"],
                    "fractions": {"train": 0.6, "validation": 0.2, "test": 0.2},
                    "settings": {
                        "tree": "events",
                        "cartesian": {"px": "px", "py": "py", "pz": "pz", "energy": "e"},
                        "labels": {"w.root": 1, "qcd.root": 0},
                    },
                }
            },
            "methods": {"tau21": {}, "mass_tau21": {}},
            "products": {"roc": {"methods": ["tau21", "mass_tau21"]}},
        }
    },
}


def test_own_file_becomes_a_sample_like_any_other(project):
    rng = np.random.default_rng(1)
    for name, label in (("w", 1), ("qcd", 0)):
        particles = shower(rng, 1500, label, ToySettings())
        with uproot.recreate(project.folder / f"{name}.root") as file:
            file["events"] = {
                "px": particles.px, "py": particles.py, "pz": particles.pz, "e": particles.E
            }  # fmt: skip
    (project.folder / "mine.yaml").write_text(yaml.safe_dump(CONFIG))
    project("snakemake", "--cores", "2", "--configfile", "mine.yaml")
    splits = {
        split: hdf5.read(project.folder / f"data/jets/mine/{split}.h5", ["pt", "label", "weight"])
        for split in ("train", "validation", "test")
    }
    numbers = {split: len(events["pt"]) for split, events in splits.items()}
    share = numbers["train"] / sum(numbers.values())
    assert share == pytest.approx(0.6, abs=0.06)
    momenta = [set(events["pt"].tolist()) for events in splits.values()]
    assert not momenta[0] & momenta[1] | momenta[0] & momenta[2] | momenta[1] & momenta[2]
    metrics = json.loads((project.folder / "results/jets/mass_tau21/metrics.json").read_text())
    assert metrics["metrics"]["auc"]["value"] > 0.75
    assert (project.folder / "results/jets/products/roc.pdf").stat().st_size > 0
