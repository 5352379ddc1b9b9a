"""Every benchmark gives rows, however small it is made; the runner makes one table of them."""

from __future__ import annotations

import importlib.util
import json
import sys

import pytest

from comparison import Row
from programs import ROOT

TINY = {
    "showers": "--events 20 --naive-events 1 --repeats 1",
    "showers_anchors": "--events 400",
    "skies": "--events 20 --repeats 1",
    "skies_formulas": "--rays 2000",
    "radio": "--events 100 --repeats 1",
    "radio_formulas": "--traces 500",
    "refinement": "--events 1000 --repeats 1",
    "jets_toy": "--events 50 --jets 20 --pythia 2 --repeats 1",
    "jets_pythia": "--jets 1 --repeats 1 --no-mpi",
    "hexagonal": "--batch 2 --channels 2 --cells 6 --repeats 1 --processes 2",
    "convolution1d": "--batch 2 --channels 4 --times 16 --repeats 1",
    "edge_convolution": "--skies 2 --points 40 --repeats 1",
    "reading": "--events 100 --repeats 1",
    "training_step": (
        "--networks refinement/simulation_trained refinement/refiner"
        " --steps 2 --events 600 --turns 1"
    ),
    "attribution": "--events 2 --repeats 1",
}
SLOW = {"startup", "radio_recurrent"}  # a whole workflow, a training of minutes


def loaded(name):
    """Return a benchmark as a module; some have the name of a package of tests."""
    path = ROOT / "benchmarks" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"benchmark_{name}", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def runner():
    return loaded("__main__")


def test_the_runner_knows_all(runner):
    assert {*runner.USUAL, *runner.LONG} == {*TINY, *SLOW}


@pytest.mark.parametrize("name", TINY)
def test_rows_are_made(name):
    if name == "hexagonal":
        pytest.importorskip("hexagdly")
    benchmark = loaded(name)
    rows = benchmark.rows(benchmark.parser().parse_args(TINY[name].split()))
    assert rows
    for row in rows:
        assert isinstance(row, Row)
        assert row.ours is not None or row.ratio is not None
        assert row.bar is None or getattr(row, row.bar.of) > 0
    json.dumps([row.plain() for row in rows], allow_nan=False)


SCRIPT = """
import argparse
import sys

from comparison import Row, at_least, main

ROWS = {{"good": [Row("good", 1.0, "s", ratio=3.0, bar=at_least(2))],
         "slow": [Row("slow", 1.0, "s", ratio=1.0, bar=at_least(2))]}}
sys.exit(main(argparse.ArgumentParser(), lambda options: ROWS["{name}"]))
"""


@pytest.mark.parametrize(
    ("names", "status"), [(["good"], 0), (["good", "slow"], 1), (["good", "broken"], 2)]
)
def test_one_table_one_file_one_status(runner, names, status, tmp_path, monkeypatch, capsys):
    for name in ("good", "slow", "broken"):
        (tmp_path / f"{name}.py").write_text(SCRIPT.format(name=name))
    monkeypatch.setattr(runner, "HERE", tmp_path)
    monkeypatch.setattr(runner, "USUAL", ("good", "slow", "broken"))
    monkeypatch.setattr(runner.machine, "bandwidth", lambda: 1e9)
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "benchmarks"))
    path = tmp_path / "new" / "all.json"
    monkeypatch.setattr(sys, "argv", ["benchmarks", *names, "--json", str(path)])
    assert runner.main() == status
    found = json.loads(path.read_text())
    assert [row["what"] for row in found["rows"]] == [n for n in names if n != "broken"]
    assert {"date", "commit", "processor", "cores", "versions", "seconds"} <= set(found)
    said = capsys.readouterr().out
    assert ("MISSED" in said) == ("slow" in names)
    assert ("failed: broken" in said) == ("broken" in names)
