"""The blobs study through the real Snakemake: what runs, and what a change makes run again."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path

import pytest
import yaml

from cascade.events import hdf5
from programs import CommandLine, copy_project

# one process runs them all, and so the workflow once
pytestmark = [pytest.mark.workflow, pytest.mark.xdist_group("workflow")]

# whatever changes a metric or a figure changes what shows them all
SURVEY = {("overview", "overview=metrics"), ("page", "")}


def snakemake(run: CommandLine, *words: str, check: bool = True):
    # a target behind --configfile would be taken for another config file
    return run("snakemake", *words, "--cores", "2", "--configfile", "blobs.yaml", check=check)


def planned(run: CommandLine) -> set[tuple[str, str]]:
    """Return (rule, node) of the jobs that Snakemake would run now."""
    text = snakemake(run, "--dry-run").stdout
    jobs = set()
    for job in re.split(r"\n(?=(?:local)?rule )", text)[1:]:
        rule = re.match(r"(?:local)?rule (\w+):", job)[1]
        wildcards = re.search(r"wildcards: (.*)", job)
        jobs.add((rule, wildcards[1] if wildcards else ""))
    return {job for job in jobs if job[0] not in ("all", "blobs")}


def edit(run: CommandLine, change) -> None:
    path = run.folder / "blobs.yaml"
    config = yaml.safe_load(path.read_text())
    change(config["studies"]["blobs"])
    path.write_text(yaml.safe_dump(config))


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> CommandLine:
    """Return a copy of the workflow in which the blobs study has run to its end."""
    run = copy_project(tmp_path_factory.mktemp("project"))
    snakemake(run)
    return run


def test_all_kinds_of_node_are_made(finished):
    results = finished.folder / "results/blobs"
    for method in ("component", "perceptron_seed1", "perceptron_seed2", "on_shifted"):
        metrics = json.loads((results / method / "metrics.json").read_text())
        assert metrics["method"] == method
        assert metrics["split"] == "test"
        value = metrics["metrics"]["auc"]
        assert 0.5 < value["low"] <= value["value"] <= value["high"] <= 1
    for suffix in ("png", "pdf", "csv", "json", "rst"):
        assert (results / f"products/comparison.{suffix}").stat().st_size > 0
    product = json.loads((results / "products/comparison.json").read_text())
    assert len(product["metrics"]) == 8
    overview = finished.folder / "results/overview"
    table = json.loads((overview / "metrics.json").read_text())["metrics"]
    assert len(table) == 4
    page = (overview / "page.html").read_text()
    assert all(word in page for word in ("on_shifted", "blobs.yaml", "Area under the curve of 8"))


def test_transformed_sample_moves_simulation_onto_data(finished):
    data = finished.folder / "data/blobs"
    means = {
        name: hdf5.read(data / name / "train.h5")["x"][:, 1].mean()
        for name in ("simulation", "data", "shifted")
    }
    assert abs(means["simulation"]) < 0.2
    assert means["shifted"] == pytest.approx(means["data"], abs=0.2)


def test_seeds_differ(finished):
    results = finished.folder / "results/blobs"
    histories = [(results / f"perceptron_seed{n}/history.csv").read_text() for n in (1, 2)]
    assert histories[0] != histories[1]


def test_products_say_where_they_come_from(finished):
    found = hdf5.attributes(finished.folder / "data/blobs/data/train.h5")
    assert json.loads(found["settings"])["shift"] == 1
    assert {"seed", "cascade_version", "git_commit", "study", "sample", "split"} <= set(found)


def test_nothing_runs_twice_not_even_after_a_commit(finished):
    assert planned(finished) == set()
    finished("git", "commit", "--quiet", "--allow-empty", "--message", "Something else")
    assert planned(finished) == set()


def test_another_width_reruns_its_network_and_products_only(finished):
    original = (finished.folder / "blobs.yaml").read_text()
    edit(finished, lambda study: study["methods"]["on_shifted"]["set"]["settings"].update(width=9))
    jobs = planned(finished)
    (finished.folder / "blobs.yaml").write_text(original)
    assert jobs == {
        ("train", "fitted=blobs/on_shifted"),
        ("predict", "applied=blobs/on_shifted, sample=simulation"),
        ("predict", "applied=blobs/on_shifted, sample=data"),
        ("evaluate", "applied=blobs/on_shifted"),
        ("plot", "study=blobs, product=comparison"),
        *SURVEY,
    }


def test_another_setting_of_a_source_reruns_what_depends_on_it(finished):
    original = (finished.folder / "blobs.yaml").read_text()
    edit(finished, lambda study: study["samples"]["data"]["settings"].update(shift=2))
    jobs = planned(finished)
    (finished.folder / "blobs.yaml").write_text(original)
    assert {wildcards for rule, wildcards in jobs if rule == "merge"} == {
        f"simulated=blobs/data, split={split}" for split in ("train", "validation", "test")
    }
    trained = {wildcards for rule, wildcards in jobs if rule == "train"}
    assert trained == {"fitted=blobs/shift", "fitted=blobs/on_shifted"}


def test_one_study_by_name(finished):
    assert "Nothing to be done" in snakemake(finished, "blobs").stderr


def test_number_of_shards_does_not_change_the_events(finished, tmp_path):
    other = copy_project(tmp_path)
    edit(other, lambda study: study["samples"]["simulation"].update(shards=8))
    target = "data/blobs/simulation/train.h5"
    snakemake(other, target)
    one, eight = (hdf5.read(run.folder / target) for run in (finished, other))
    assert one.keys() == eight.keys()
    assert all((one[name] == eight[name]).all() for name in one)


@pytest.mark.parametrize("kills", [2, pytest.param(10, marks=pytest.mark.sweep)])
def test_killed_snakemake_completes_when_started_again(project, finished, kills):
    import os
    import random
    import signal

    chance = random.Random(kills)
    command = ["snakemake", "--cores", "2", "--configfile", "blobs.yaml"]
    for _ in range(kills):
        process = project.start(*command)
        time.sleep(chance.uniform(2, 20 if kills < 5 else 40))
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        assert_whole(project.folder)
        project("snakemake", "--unlock", "--configfile", "blobs.yaml")
    snakemake(project)
    for name in ("perceptron_seed1", "perceptron_seed2", "on_shifted"):
        relative = f"results/blobs/{name}/history.csv"
        mine, other = (run.folder / relative for run in (project, finished))
        assert mine.read_text() == other.read_text()


def assert_whole(folder: Path) -> None:
    """Check that every file under its final name can be read to its end."""
    for path in [*folder.glob("data/**/*.h5"), *folder.glob("results/**/*.h5")]:
        if not path.name.startswith("."):
            hdf5.read(path)
    for path in folder.glob("results/**/*.json"):
        json.loads(path.read_text())
    for path in folder.glob("results/**/history.csv"):
        assert path.read_text().endswith("\n")
