"""Of the time of a run's jobs, what they take to start is told from their work."""

from __future__ import annotations

import importlib.util
import subprocess

import pytest

import useful
from cascade.config import read_overlaid
from cascade.graph import build
from costs.jobs import Job


@pytest.fixture(scope="module")
def graph():
    return build(read_overlaid([useful.DEFAULT]))


def jobs(graph):
    """Return one job of each rule and of each method, sample, explanation and product."""
    keys = {
        "simulate": [f"{key}/train" for key, n in graph.samples.items() if n.kind == "simulate"],
        "merge": [f"{key}/train" for key in graph.samples],
        "transform": [f"{key}/train" for key, n in graph.samples.items() if n.kind == "transform"],
        "train": list(graph.methods),
        "predict": list(graph.methods),
        "evaluate": list(graph.methods),
        "explain": list(graph.explanations),
        "plot": list(graph.products),
        "overview": ["metrics"],
    }
    return [Job(rule, key, "", 1.0, seconds=4.0) for rule, found in keys.items() for key in found]


def test_every_job_has_modules_that_there_are(graph):
    found = {module for job in jobs(graph) for module in useful.modules(job, graph)}
    assert {"cascade.training.fit", "cascade.commands.plot", "cascade.commands.overview"} <= found
    for module in found:
        assert importlib.util.find_spec(module), module


def test_networks_load_torch_and_scans_do_not(graph):
    network = Job("train", "skies/dgcnn", "", 1.0)
    scan = Job("train", "skies/multiplet", "", 1.0)
    assert "cascade.training.fit" in useful.modules(network, graph)
    assert "cascade.training.fit" not in useful.modules(scan, graph)


def test_work_is_what_is_left_of_a_job_behind_its_start(graph, monkeypatch, tmp_path):
    made = [Job("merge", "jets/default/train", "", 1.0, seconds=s) for s in (4.0, 0.5)]
    monkeypatch.setattr(useful, "measure", lambda folder, paths: made)
    monkeypatch.setattr(useful, "start", lambda modules, cores: 1.0)
    rows = useful.rows(useful.parser().parse_args(["--run", str(tmp_path)]))
    assert [row.ratio for row in rows] == pytest.approx([4.5 / 3.0] * 2)
    assert [row.missed for row in rows] == [False, True]


def test_a_start_takes_time_and_says_if_it_fails():
    assert 0 < useful.start(("json",), 2) < 5
    with pytest.raises(subprocess.CalledProcessError):
        useful.start(("no_such_module",), 1)
