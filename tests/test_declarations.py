"""A mistake in a user's own module is one line that says what, and where."""

from __future__ import annotations

import json
import pkgutil
import re
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest

import cascade.studies
from cascade.declarations import check, dotted_paths, load_study, place, resolve, told
from cascade.errors import CascadeError
from cascade.graph import build
from cascade.training.batches import Split
from cascade.training.fit import Fit, fit
from cascade.training.settings import Training
from programs import STUDIES as BLOBS

OURS = [item.name for item in pkgutil.iter_modules(cascade.studies.__path__)]

MINE = """
from dataclasses import replace
from types import MappingProxyType

from blobs import STUDY as BLOBS
from cascade.settings import Settings


class WidthSettings(Settings):
    width: int = 4


def network(settings):
    from torch import nn

    hidden = nn.Sequential(nn.Linear(2, settings.width), nn.ReLU())
    return nn.Sequential(hidden, nn.Linear(settings.width, 1), nn.Flatten(0))


OWN = replace(BLOBS.methods["perceptron"], network="mine:network", settings="mine:WidthSettings")
METHODS = MappingProxyType({**BLOBS.methods, "own": OWN})
STUDY = replace(BLOBS, name="mine", methods=METHODS)
"""
CONFIG = {
    "standalone": True,
    "studies": {
        "mine": {
            "reference": "x",
            "samples": {"x": {"simulate": "gauss", "events": {"train": 100, "validation": 50}}},
            "methods": {"own": None},
        }
    },
}


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Write ``mine.py`` with one piece of it replaced, where it will be found."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "mine", raising=False)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)  # the next one is as old

    def write(old="", new=""):
        assert old in MINE
        Path("mine.py").write_text(MINE.replace(old, new, 1) if old else MINE)

    yield write
    sys.modules.pop("mine", None)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('network="mine:network"', 'network="mine:netwrok"',
         ["'mine' holds no 'netwrok'", "did you mean 'network'?", "methods['own'].network"]),
        ('network="mine:network"', 'network="network"', ["must be a text 'module:name'"]),
        ('network="mine:network"', "network=network", ["must be a text 'module:name'"]),
        ('network="mine:network"', 'network="min:network"', ["no module 'min' on the Python path"]),
        ('"mine:WidthSettings"', '"mine:WidthSetting"', ["did you mean 'WidthSettings'?"]),
        ("class WidthSettings(Settings)", "class WidthSettings", ["no class of settings"]),
        ("OWN = replace(", 'OWN = replace(inputs=("y",), obj=', ["mine.py, line 20"]),
        ('network="mine:network",', 'network="mine:network", inputs=("y",),',
         ["methods['own'].inputs", "'y'", "label"]),
        ('network="mine:network",',
         'network="mine:network", fields={"train": ("x", "lable")},',
         ["methods['own'].fields['train']", "did you mean 'label'?"]),
        ('"own": OWN', '"own": network', ["methods['own'] is a function", "or Network"]),
        ('STUDY = replace(BLOBS, name="mine", methods=METHODS)', "STUDY = {}",
         ["module 'mine'", "STUDY is a dict"]),
        ("STUDY = replace", "STUDIES = replace", ["module 'mine'", "STUDY is missing"]),
        ("STUDY = replace(BLOBS", "STUDY = replace(BLOBS.x",
         ["AttributeError", "'x'", "mine.py, line 22"]),
        ('name="mine"', 'name="other"', ["STUDY has the name 'other'"]),
        ("def network(", "def network(:", ["SyntaxError", "mine.py, line 13"]),
        ("from blobs import", "from blob import", ["No module named 'blob'", "mine.py, line 5"]),
        ("METHODS = ", "1 / 0\nMETHODS = ", ["ZeroDivisionError", "mine.py, line 21"]),
    ],
)  # fmt: skip
def test_a_mistake_in_ones_own_study_is_met_when_the_config_is_read(write, old, new, words):
    write(old, new)
    with pytest.raises(CascadeError, match=r"^studies\.mine[.:]") as caught:
        build(CONFIG)
    assert all(word in str(caught.value) for word in words), caught.value
    assert "\n" not in str(caught.value)


def test_a_study_of_ones_own_without_mistakes_is_read(write):
    write()
    assert set(build(CONFIG).methods) == {"mine/own"}


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("nn.ReLU()", "nn.Relu()", ["has no attribute 'Relu'", "(mine.py, line 16)"]),
        ("settings.width)", "settings.widht)", ["widht", "(mine.py, line 16)"]),
        ("def network(settings)", "def network()", ["mine:network", "TypeError"]),
        ("    return nn", "    nn", ["mine:network", "returns a NoneType", "torch.nn.Module"]),
        (", nn.Flatten(0))", ")", ["what the network returns for the first events, of shape (2, 1)",
                                   "BinaryClassification"]),
        ("nn.Linear(2,", "nn.Linear(3,", ["does not take events of the shape x (2,)"]),
    ],
)  # fmt: skip
def test_a_mistake_in_ones_own_network_is_met_before_the_first_step(
    write, blobs, old, new, words, capfd
):
    write(old, new)
    declared = load_study("mine").methods["own"]
    splits = {name: {"train": Split(blobs / f"{name}.h5", declared.fields["train"])}
              for name in ("train", "validation")}  # fmt: skip
    job = Fit(
        study="mine",
        name="own",
        kind="own",
        declared=declared,
        settings=resolve(declared.settings)(),
        training=Training(epochs=1),
        seed=1,
        threads=1,
        **splits,
    )
    with pytest.raises(CascadeError, match=r"^mine/own: ") as caught:
        fit(job, Path("model.ckpt"), Path("history.csv"), Path("state"), "cpu")
    assert all(word in str(caught.value) for word in words), caught.value
    assert "\n" not in str(caught.value)
    assert not Path("model.ckpt").exists()


def test_an_error_anywhere_in_ones_own_module_is_one_line_of_the_command_line(run):
    """Here in a metric; in the log it is one line, too."""
    wrong = "def wrong(predictions):\n    return predictions['score'].mode()\n\n\nSTUDY = "
    text = MINE.replace("STUDY = ", wrong).replace(
        "methods=METHODS", "metrics={'auc': replace(BLOBS.metrics['auc'], function='mine:wrong')}"
    )
    (run.folder / "mine.py").write_text(text)
    with_mine = ("env", f"PYTHONPATH={run.folder}:{BLOBS}", "cascade", "--log", "job.log")
    run(*with_mine, "simulate", "mine", "gauss", "--events", 20, "-o", "events.h5")
    run(*with_mine, "predict", "mine", "component", "events.h5", "-o", "scores.h5")
    found = run(*with_mine, "evaluate", "mine", "scores.h5", "-o", "metrics.json", check=False)
    assert found.returncode == 2
    last = found.stderr.splitlines()[-1]
    assert last.startswith(
        "cascade: error: AttributeError: 'numpy.ndarray' object has no attribute"
    )
    assert last.endswith("(mine.py, line 23)")
    assert "Traceback" not in found.stderr
    assert (run.folder / "job.log").read_text().splitlines()[-1] == last
    assert not (run.folder / "metrics.json").exists()


def test_a_defect_keeps_its_traceback_in_the_log_too(run):
    source = """
import sys
from cascade import cli, config
config.read_overlaid = lambda paths: {}["a defect"]
sys.argv = ["cascade", "--log", "job.log", "config", "x.yaml"]
cli.main()
"""
    found = run("python", "-c", source, check=False)
    assert found.returncode == 1
    for text in (found.stderr, (run.folder / "job.log").read_text()):
        assert text.startswith("cascade: a defect of Cascade:\nTraceback")
        assert text.endswith("KeyError: 'a defect'\n")


def test_the_place_is_the_deepest_in_code_of_ones_own():
    def mean(values):
        return json.loads(values)

    with pytest.raises(ValueError, match="Expecting") as caught:
        mean("[1,")
    line = mean.__code__.co_firstlineno + 1
    assert place(caught.value).endswith(f"test_declarations.py, line {line}")
    assert told(caught.value).startswith("JSONDecodeError: Expecting value")


@pytest.mark.parametrize(
    "function",
    [partial(json.loads, "["), partial(np.mean, "x"), partial(load_study, "x")],
    ids=["python", "library", "cascade"],
)
def test_errors_elsewhere_have_no_place(function):
    with pytest.raises(Exception) as caught:  # noqa: PT011
        function()
    error = caught.value.with_traceback(caught.value.__traceback__.tb_next)  # without this file
    assert place(error) is None


@pytest.mark.parametrize("name", OURS)
def test_all_dotted_paths_of_our_studies_are_known(name):
    """No attribute with such a path is forgotten in ``DOTTED``."""
    study = load_study(name)
    found = {path for _, path in dotted_paths(study)}
    parts = [part for kind in ("sources", "methods", "metrics", "products", "evidence")
             for part in getattr(study, kind).values()]  # fmt: skip
    texts = {value for part in parts for value in vars(part).values() if isinstance(value, str)}
    assert {text for text in texts if re.fullmatch(r"[\w.]+:\w+", text)} <= found
    for path in found:
        check(path)


def test_an_unknown_study_is_said():
    with pytest.raises(CascadeError, match=r"no study 'shower', .* did you mean 'showers'"):
        load_study("shower")


def test_an_unknown_study_is_said_before_what_it_lacks():
    with pytest.raises(CascadeError, match=r"^studies\.jet: no study 'jet', .*mean 'jets'\?"):
        build({"studies": {"jet": {}}})
