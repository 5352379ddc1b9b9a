"""The shape of the house: which room knows which, and what a verb has to carry."""

from __future__ import annotations

import ast
import doctest
import importlib
import subprocess
import sys
from graphlib import CycleError, TopologicalSorter

import click
import pytest
import yaml

from cascade import cli
from cascade.commands.config import config as config_command
from cascade.config import overlay, read_yaml
from cascade.graph import build
from programs import ROOT, environment

SOURCE = ROOT / "src"
MODULES = {
    ".".join(path.relative_to(SOURCE).with_suffix("").parts).removesuffix(".__init__"): path
    for path in (SOURCE / "cascade").rglob("*.py")
}
NEIGHBOURS = {("refinement", "showers")}  # refined traces are those of the showers' simulation
SCHEMA = ROOT / "workflow" / "schemas" / "config.schema.yaml"


class Imports(ast.NodeVisitor):
    """Modules of Cascade that a module imports: when it is imported itself, and at any time."""

    def __init__(self, name: str):
        self.early, self.all, self.depth = set(), set(), 0
        self.visit(ast.parse(MODULES[name].read_text()))

    def visit_FunctionDef(self, node):
        self.depth += 1
        self.generic_visit(node)
        self.depth -= 1

    def visit_If(self, node):
        if ast.unparse(node.test) != "TYPE_CHECKING":
            self.generic_visit(node)

    def visit_Import(self, node):
        self._add(alias.name for alias in node.names)

    def visit_ImportFrom(self, node):
        assert node.level == 0, "imports are absolute"
        names = [f"{node.module}.{alias.name}" for alias in node.names]
        self._add(name if name in MODULES else node.module for name in names)

    def _add(self, names):
        for name in names:
            # to import a module imports the packages that it lies in
            parts = name.split(".")
            known = {".".join(parts[:end]) for end in range(1, len(parts) + 1)} & MODULES.keys()
            self.all |= known
            if not self.depth:
                self.early |= known


IMPORTS = {name: Imports(name) for name in MODULES}


def study_of(module):
    parts = module.split(".")
    return parts[2] if parts[:2] == ["cascade", "studies"] and len(parts) > 2 else None


def test_the_parser_sees_imports():
    assert "cascade.events.writing" in IMPORTS["cascade.commands.simulate"].all
    assert "cascade.events.writing" not in IMPORTS["cascade.commands.simulate"].early
    assert "cascade.training.batches" in IMPORTS["cascade.training.fit"].early


def test_common_rooms_know_no_study():
    for module, imports in IMPORTS.items():
        if study_of(module) is None:
            assert not {name for name in imports.all if study_of(name)}, module


def test_no_study_imports_another():
    for module, imports in IMPORTS.items():
        for other in {study_of(name) for name in imports.all} - {None}:
            mine = study_of(module)
            assert mine == other or (mine, other) in NEIGHBOURS, f"{module} imports {other}"


def test_a_lower_room_imports_no_higher_one():
    below = {
        "events": set(),
        "layers": set(),
        "plotting": {"events", "evaluation"},
        "evaluation": {"events"},
        "training": {"events", "layers", "evaluation"},
        "introspection": {"events", "layers", "training", "evaluation"},
    }
    for module, imports in IMPORTS.items():
        room = module.split(".")[1] if "." in module else ""
        if room in below:
            rooms = {name.split(".")[1] for name in imports.all if "." in name}
            above = {*below, "commands", "cli", "graph", "studies"} - below[room] - {room}
            assert not rooms & above, f"{module} imports {rooms & above}"


@pytest.mark.parametrize("when", ["early", "all"])
def test_no_module_imports_itself_through_others(when):
    """Neither on import nor, which would do no harm at once, within functions."""
    graph = {
        # a package's own module is there before the modules in it ask for it
        name: {other for other in getattr(imports, when) if not f"{name}.".startswith(f"{other}.")}
        for name, imports in IMPORTS.items()
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" → ".join(error.args[1]))


def test_every_module_says_what_it_is_and_is_short():
    for module, path in MODULES.items():
        text = path.read_text()
        assert ast.get_docstring(ast.parse(text)), f"{module} has no docstring"
        assert len(text.splitlines()) <= 300, f"{module} has {len(text.splitlines())} lines"


def test_no_room_is_for_odds_and_ends():
    for path in MODULES.values():
        assert path.stem not in {"utils", "util", "helpers", "misc", "common", "tools"}


@pytest.mark.parametrize("name", [name for name in MODULES if ">>>" in MODULES[name].read_text()])
def test_examples_in_docstrings_hold(name):
    tried = doctest.testmod(importlib.import_module(name))
    assert tried.attempted > 0
    assert tried.failed == 0


def without(libraries, script, folder):
    """Run Python in a process that cannot import some libraries."""
    block = (
        "import sys\n"
        "class Block:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        f"        if name.partition('.')[0] in {libraries!r}:\n"
        "            raise AssertionError('imports ' + name)\n"
        "sys.meta_path.insert(0, Block())\n"
        "from cascade.cli import cascade\n"
        "def call(line):\n"
        "    cascade(line.split(), standalone_mode=False)\n"
    )
    found = subprocess.run(
        [sys.executable, "-c", block + script],
        cwd=folder, env=environment(), capture_output=True, text=True,
    )  # fmt: skip
    assert found.returncode == 0, found.stderr
    return found.stdout


def test_help_needs_neither_numpy_nor_torch(tmp_path):
    lines = "".join(f"call({verb!r} + ' --help')\n" for verb in ("", *cli.VERBS))
    found = without(("numpy", "torch", "h5py", "matplotlib", "awkward"), lines, tmp_path)
    assert found.count("Usage:") == len(cli.VERBS) + 1
    assert found.count("Example:") == len(cli.VERBS)


@pytest.mark.parametrize("verb", cli.VERBS)
def test_every_verb_and_option_is_explained(verb):
    command = cli.cascade.get_command(click.Context(cli.cascade), verb)
    assert f"cascade {verb} " in command.help
    for option in command.params:
        assert isinstance(option, click.Argument) or option.help, option.name


WITHOUT_TORCH = """
import uproot, numpy as np, awkward as ak, json
for shard in "0/2", "1/2":
    call(f"simulate jets toy --events 40 --block 20 --shard {shard} -o {shard[0]}.h5")
call("merge jets 0.h5 1.h5 -o test.h5")
call("predict jets tau21 test.h5 -o predictions.h5")
call("evaluate jets predictions.h5 --replicas 10 -o metrics.json")
call("plot jets roc --predictions tau21:default=predictions.h5 -o roc")
call("export jets test.h5 -o jets.root")
call("simulate showers toy --events 40 --block 40 -o showers.h5")
call("simulate showers orbits --events 24 --block 24 -o orbits.h5")
from cascade.events import hdf5
from cascade.events.writing import writing
from cascade.declarations import load_study
events = hdf5.read("showers.h5", ["axis", "core", "lg_energy", "x_max", "mass_number"])
predicted = {f"predicted_{name}": events[name] for name in ("axis", "core", "lg_energy", "x_max")}
declared = load_study("showers")
schema = [field for field in (*declared.schema, *declared.predictions)
          if field.name in {**events, **predicted}]
with writing("showers_fit.h5", schema, {"study": "showers", "method": "fit"}) as writer:
    writer.append({**events, **predicted})
call("evaluate showers showers_fit.h5 --replicas 10 -o showers.json")
call("plot showers resolution_energy --predictions fit:default=showers_fit.h5 -o resolution")
with uproot.recreate("mine.root") as file:
    pt = ak.Array(np.tile([150.0, 120.0, 1.0], (30, 1)))
    zero = ak.zeros_like(pt)
    eta = zero + np.array([0.0, 0.4, 0.2])
    file["events"] = {"pt": pt, "eta": eta, "phi": zero, "w": np.arange(30) % 2}
settings = json.dumps({"tree": "events", "label_branch": "w",
                       "polar": {"pt": "pt", "eta": "eta", "phi": "phi"}})
cascade(["ingest", "jets", "root", "mine.root", "--settings", settings, "-o", "mine.h5"],
        standalone_mode=False)
"""


def test_simulate_merge_ingest_evaluate_and_plot_need_no_torch(tmp_path):
    without(("torch", "captum", "torch_geometric"), WITHOUT_TORCH, tmp_path)
    names = {path.name for path in tmp_path.iterdir()}
    assert {"mine.h5", "roc.pdf", "jets.root", "metrics.json", "resolution.pdf"} <= names


def test_the_graph_of_all_studies_needs_no_heavy_library(tmp_path):
    script = (
        "from cascade.config import read_yaml\n"
        "from cascade.graph import build\n"
        "import pkgutil, cascade.studies\n"
        "from cascade.declarations import load_study\n"
        f"build(read_yaml({str(ROOT / 'config' / 'config.yaml')!r}))\n"
        "for module in pkgutil.iter_modules(cascade.studies.__path__):\n"
        "    study = load_study(module.name)\n"
    )
    heavy = ("numpy", "torch", "matplotlib", "scipy", "sklearn", "awkward", "h5py", "uproot")
    without(heavy, script, tmp_path)


def configs():
    """Return the plain data of the default config and of each overlay."""
    paths = sorted((ROOT / "config").glob("*.yaml"))
    return {path.name: read_yaml(path) for path in paths}


def test_the_schema_is_that_of_the_code(capsys):
    config_command([str(ROOT / "config" / "config.yaml"), "--schema"], standalone_mode=False)
    assert capsys.readouterr().out == SCHEMA.read_text(), (
        "make it again: "
        "cascade config config/config.yaml --schema > workflow/schemas/config.schema.yaml"
    )


def test_the_schema_accepts_our_configs_and_knows_mistakes():
    from jsonschema import Draft202012Validator

    schema = yaml.safe_load(SCHEMA.read_text())
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema)
    for name, data in configs().items():
        assert not list(validator.iter_errors(data)), name
    for text in (
        "sed: 1",
        "seed: one",
        "studies: {jets: {samples: {mine: {simulate: toy, settings: {widht: 1}}}}}",
        "studies: {jets: {methods: {cnn: {settings: {widht: 1}}}}}",
        "studies: {jets: {methods: {mine: {method: cnn, settings: {widht: 1}}}}}",
        "studies: {jets: {methods: {mine: {base: cnn, set: {training: {epoch: 1}}}}}}",
        "studies: {jets: {products: {roc: {settings: {widht: 1}}}}}",
    ):
        assert list(validator.iter_errors(yaml.safe_load(text))), text


def test_every_key_of_the_schema_is_explained():
    schema = yaml.safe_load(SCHEMA.read_text())
    for name, definition in {"top": schema, **schema["$defs"]}.items():
        for key, entry in definition.get("properties", {}).items():
            # a key that is a whole block may leave it to the block to explain itself
            block = schema["$defs"].get(entry.get("$ref", "").rpartition("/")[2], {})
            assert {**block, **entry}.get("description"), f"{name}.{key} has no docstring"


def test_overlays_are_right_on_the_default_config():
    default = configs()["config.yaml"]
    for name, data in configs().items():
        assert build(overlay(default, data)).products, name
