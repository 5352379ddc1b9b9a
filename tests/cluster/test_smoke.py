"""The smoke workflow on a cluster: what the jobs ask for, and that the results are the same."""

from __future__ import annotations

import csv
import json
from datetime import datetime
from pathlib import Path

import pytest

from programs import CommandLine, copy_project
from slurm import Slurm
from submitted import PROFILE, write_profile

pytestmark = pytest.mark.cluster

# every rule of the workflow but `ingest`, on few jobs
PART = (
    "runs/smoke/results/skies/deep_sets/metrics.json",
    "runs/smoke/results/skies/static_graph/metrics.json",
    "runs/smoke/results/skies/products/neighbour_graphs.png",
    "runs/smoke/results/refinement/mapped_trained/metrics.json",
)
CONFIG = ("--configfile", "config/smoke.yaml", "--config", "accelerator=auto")


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(PART, id="part"),
        pytest.param(("all",), id="all", marks=pytest.mark.sweep),
    ],
)
def targets(request: pytest.FixtureRequest) -> tuple[str, ...]:
    """What is made."""
    return request.param


@pytest.fixture(scope="module")
def local(targets, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return results made on this machine."""
    run = copy_project(tmp_path_factory.mktemp("local"))
    run("snakemake", *targets, "--cores", "2", *CONFIG)
    return run.folder / "runs/smoke/results"


@pytest.fixture(scope="module")
def submitted(targets, slurm: Slurm, tmp_path_factory: pytest.TempPathFactory) -> CommandLine:
    """Return a project whose jobs went through Slurm."""
    run = copy_project(tmp_path_factory.mktemp("submitted"))
    write_profile(run)
    run("snakemake", *targets, "--workflow-profile", PROFILE, *CONFIG)
    return run


@pytest.fixture(scope="module")
def jobs(slurm: Slurm, submitted: CommandLine) -> list[dict[str, str]]:
    """Return what Slurm says of the jobs."""
    return [job for job in slurm.jobs() if job["StdOut"].startswith(str(submitted.folder))]


def test_every_job_is_done(jobs):
    assert jobs
    assert {job["JobState"] for job in jobs} == {"COMPLETED"}


def test_trainings_ask_for_a_gpu_and_others_do_not(jobs):
    trainings = [job for job in jobs if "group_short" in job["StdOut"]]
    explanations = [job for job in jobs if "group_explain" in job["StdOut"]]
    assert len(trainings) >= 3
    assert explanations
    for job in jobs:
        wanted = job in trainings or job in explanations
        assert job.get("TresPerJob") == ("gres:gpu:1" if wanted else None), job


def test_no_more_trainings_at_once_than_there_are_gpus(jobs):
    changes = []
    for job in jobs:
        if "TresPerJob" in job:
            start, end = (datetime.fromisoformat(job[name]) for name in ("StartTime", "EndTime"))
            changes += [(start, 1), (end, -1)]
    running = [0]
    for _, change in sorted(changes):
        running.append(running[-1] + change)
    assert max(running) == 2


def test_short_tasks_share_jobs(jobs, submitted):
    assert all("slurm_logs/group_" in job["StdOut"] for job in jobs)
    tasks = len(list((submitted.folder / "runs/smoke/logs/times").rglob("*.tsv")))
    assert len(jobs) < tasks / 2


def test_metrics_lie_in_the_intervals_of_a_local_run(submitted, local):
    mine = submitted.folder / "runs/smoke/results"
    paths = [path.relative_to(local) for path in local.rglob("metrics.json")]
    assert paths
    for path in paths:
        first, second = (json.loads((base / path).read_text()) for base in (mine, local))
        assert first["metrics"].keys() == second["metrics"].keys()
        for name, metric in second["metrics"].items():
            low, high = metric["low"], metric["high"]
            value = first["metrics"][name]["value"]
            if None in (low, high):  # few events leave it open
                assert value == metric["value"], f"{path}: {name}"
            else:
                assert low <= value <= high, f"{path}: {name}"


def test_tables_are_those_of_a_local_run(submitted, local):
    mine = submitted.folder / "runs/smoke/results"
    paths = [path.relative_to(local) for path in local.rglob("*.csv")]
    assert len(paths) >= 5
    for path in paths:
        expected = [[rounded(cell) for cell in row] for row in table(local / path)]
        assert table(mine / path) == expected, path


def table(path: Path) -> list[list[float | str]]:
    """Return a table, numbers as such."""
    with path.open(newline="") as file:
        return [[value(cell) for cell in row] for row in csv.reader(file)]


def value(cell: str) -> float | str:
    """Return a cell's number, or its text."""
    try:
        return float(cell)
    except ValueError:
        return cell


def rounded(cell: float | str) -> object:
    """Return what equals a cell but for rounding."""
    if isinstance(cell, str):
        return cell
    return pytest.approx(cell, rel=1e-4, abs=1e-6, nan_ok=True)
