"""What a user of the workflow sees of a mistake: the one line that says what is wrong."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.workflow

CONFIG = """
standalone: true
accelerator: cpu
threads: 1
studies:
  blobs:
    reference: simulation
    samples:
      simulation: {simulate: gauss, events: {train: 200, validation: 100, test: 100}}
    methods:
      perceptron: {training: {epochs: 1, optimiser: {settings: %s}}}
"""


def snakemake(project, config):
    (project.folder / "mine.yaml").write_text(config)
    return project("snakemake", "--cores", "2", "--configfile", "mine.yaml", check=False)


def test_a_mistake_met_by_a_job_is_shown(project):
    found = snakemake(project, CONFIG % "{foo: 1}")
    assert found.returncode == 1
    line = "cascade: error: training.optimiser.settings.foo: torch.optim.Adam has no such argument"
    assert any(shown.strip().startswith(line) for shown in found.stderr.splitlines())
    assert "Traceback" not in found.stderr
    results = project.folder / "results" / "blobs"
    assert not [path for path in results.rglob("*") if path.is_file()]
    assert (project.folder / "data/blobs/simulation/train.h5").exists()
    # the line is in the log too, where a cluster's user finds it
    log = (project.folder / "logs/blobs/perceptron/train.log").read_text()
    assert log.splitlines()[-1].startswith(line)


def test_products_of_a_file_that_is_not_given_yet_are_left_out_with_a_word(project):
    above = """
studies:
  blobs:
    samples: {mine: {ingest: list, files: [%s]}}
    products: {on_mine: {product: comparison, methods: [component], 'on': [mine]}}
"""
    files = ("blobs.yaml", "mine.yaml")
    command = ("snakemake", "--dry-run", "--cores", "1", "--configfile", *files)
    told = (
        "studies.blobs.products.on_mine is left out: studies.blobs.samples.mine.files is empty; "
        "give the paths of the files there"
    )
    (project.folder / "mine.yaml").write_text(above % "")
    found = project(*command)
    assert found.stdout.splitlines().count(told) == 1
    assert "product=comparison" in found.stdout
    assert "product=on_mine" not in found.stdout
    asked = project(*command, "--", "results/blobs/products/on_mine.pdf", check=False)
    assert told in (asked.stdout + asked.stderr).splitlines()
    assert "No rule to produce results/blobs/products/on_mine.pdf" in asked.stdout + asked.stderr
    assert "KeyError" not in asked.stdout + asked.stderr
    (project.folder / "my.txt").write_text("1 2\n")
    (project.folder / "mine.yaml").write_text(above % "my.txt")
    found = project(*command)
    assert "left out" not in found.stdout + found.stderr
    assert "product=on_mine" in found.stdout


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("sede: 1", "sede: unknown key; did you mean 'seed'?"),
        ("seed: -1", "seed: -1 is wrong: must be greater than or equal to 0"),
    ],
)
def test_a_mistake_in_the_config_is_one_line(project, text, message):
    found = snakemake(project, f"{CONFIG % '{}'}{text}\n")
    assert found.returncode == 1
    assert f"config: {message}" in found.stderr.splitlines()
    assert "Traceback" not in found.stderr
    assert "cascade/" not in found.stderr  # no line of our code
    assert not (project.folder / "data").exists()
