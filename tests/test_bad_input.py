"""Bad input of every kind: one clear line, exit status 2, nothing half-written, nothing lost.

Each row of the tables is a mistake: its name, how it is made, and what the message must hold. The
files are those of ``bad_files``; all rows work in one folder, and none of them may change it.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import sys
from pathlib import Path

import pytest

import bad_files
from bad_files import root_settings
from cascade import cli
from cascade.progress import LOGGER
from programs import CommandLine

TRAIN = "train blobs perceptron -o old.ckpt --accelerator cpu"
SPLITS = "--train train=events.h5 --validation train=events.h5"
FIT = ("train blobs shift -o old.ckpt --validation simulation=events.h5 "
       "--validation data=events.h5 --train simulation=events.h5 --train")  # fmt: skip
PREDICT = "predict blobs perceptron events.h5 -o old.h5 --accelerator cpu --model"
APPLY = "predict blobs component -o old.h5"
TRANSFORM = "transform blobs shift events.h5 -o old.h5 --model"
SIMULATE = "simulate blobs gauss --events 400 -o old.h5"
CNN = ("train jets cnn -o old.ckpt --accelerator cpu --train train=jets.h5 "
       "--validation train=jets.h5 --settings")  # fmt: skip
INGEST = "ingest jets root -o old.h5"
PYTHIA = "simulate jets pythia8 --events 4 -o old.h5 --settings"


def training(**settings) -> str:
    """Return the command line of a training on good events."""
    return f"{TRAIN} {SPLITS} --training '{json.dumps(settings)}'"


def ingest(split: str, **fractions) -> str:
    """Return the command line that reads good events into a split."""
    shares = json.dumps(fractions)
    return (
        f"{INGEST} good.root --settings '{root_settings()}' --split {split} --fractions '{shares}'"
    )


# name, what is laid over blobs.yaml, what the message must hold
CONFIGS = [
    ("wrong type", "seed: many", ["seed: ", '"many"', "a whole number"]),
    ("unknown key", "sede: 1", ["sede: unknown key", "did you mean 'seed'?"]),
    ("key in the wrong case", "Seed: 1", ["Seed: unknown key", "did you mean 'seed'?"]),
    ("negative seed", "seed: -1", ["seed: -1", "greater than or equal to 0"]),
    ("no number", "seed: .nan", ["seed: NaN", "a whole number"]),
    ("date without quotes", "workspace: 2020-01-01", ["workspace: '2020-01-01'", "quotes"]),
    ("unknown choice", "accelerator: gpu", ["accelerator: ", "'auto', 'cpu' or 'cuda'"]),
    ("no YAML", "seed: [", ["over.yaml: line 1: is not YAML"]),
    ("key twice", "seed: 1\nseed: 2", ["over.yaml: line 2: key 'seed' stands twice"]),
    ("list of keys", "- seed", ["over.yaml: must be a mapping"]),
    ("empty config", "", ["over.yaml: must be a mapping"]),
    ("unknown study", "studies: {jest: {}}", ["studies.jest: no study 'jest'", "mean 'jets'?"]),
    ("seed too large", f"seed: {2**63}", ["seed: ", f"less than {2**63}"]),
    ("braces in the workspace", "workspace: 'runs/a{b}'", ["workspace: ", "no braces"]),
]

# the same for what is laid over the study blobs
BLOBS = [
    ("negative size", "samples: {data: {events: {train: -5}}}", ["data.events.train: -5"]),
    ("half an event", "samples: {data: {events: {train: 1.5}}}", ["1.5", "a whole number"]),
    ("misspelt split", "samples: {data: {events: {training: 9}}}",
     ["data.events: no split 'training'", "mean 'train'?"]),
    ("no mapping", "samples: {data: {events: 3}}", ["data.events: 3", "mapping of keys to values"]),
    ("no such source", "samples: {data: {simulate: gaus}}", ["data.simulate", "mean 'gauss'?"]),
    ("two sources", "samples: {data: {ingest: root}}", ["samples.data: give one source"]),
    ("no source", "samples: {new: {}}", ["samples.new: give one source"]),
    ("no events", "samples: {new: {simulate: gauss}}", ["samples.new", "needs 'events'"]),
    ("setting of the source", "samples: {data: {settings: {shfit: 1}}}",
     ["samples.data.settings.shfit: unknown key", "mean 'shift'?"]),
    ("impossible fractions",
     "samples: {new: {ingest: a, files: [b], fractions: {train: 0.7, test: 0.7}}}",
     ["samples.new.fractions: add up to 1.4"]),
    ("fractions of a simulation", "samples: {data: {fractions: {train: 0.7}}}",
     ["samples.data: 'fractions' belongs to ingest"]),
    ("unknown original", "samples: {shifted: {of: dta}}", ["of: no sample 'dta'", "'data'"]),
    ("sample made from itself", "samples: {shifted: {of: shifted}}", ["shifted → shifted"]),
    ("unknown reference", "reference: dta", ["reference: no sample 'dta'", "mean 'data'?"]),
    ("unknown method", "methods: {percepton: }", ["no method 'percepton'", "'perceptron'?"]),
    ("circular base", "methods: {a: {base: b}, b: {base: a}}", ["a → b → a"]),
    ("unknown base", "methods: {a: {base: compnent}}", ["a.base", "mean 'component'?"]),
    ("unknown hyperparameter", "methods: {perceptron: {settings: {widht: 3}}}",
     ["perceptron", "widht: unknown key; did you mean 'width'?"]),
    ("unknown sample of a fit", "methods: {perceptron: {samples: {train: dta}}}",
     ["samples.train: no sample 'dta'", "mean 'data'?"]),
    ("unknown role", "methods: {perceptron: {samples: {trian: data}}}",
     ["samples.trian: no role 'trian'", "mean 'train'?"]),
    ("fit on an unsplit sample",
     "samples: {all: {simulate: gauss, events: {all: 9}}}, methods: {perceptron: "
     "{samples: {train: all}}}", ["samples.train: sample 'all' has no split 'train'"]),
    ("training of a formula", "methods: {component: {training: {epochs: 3}}}",
     ["component.training", "no network; remove this key"]),
    ("unknown optimiser", "methods: {perceptron: {training: {optimiser: {name: adamw}}}}",
     ["training.optimiser.name", '"adamw"', "did you mean 'AdamW'?"]),
    ("impatient", "methods: {perceptron: {training: {patience: 2}}}",
     ["training: patience 2 must be above the schedule's patience 3"]),
    ("scaling of another field", "methods: {perceptron: {training: {scaling: {y: log}}}}",
     ["training.scaling.y: is no input", "known: x"]),
    ("method twice", "methods: {perceptron_seed1: {method: perceptron}}", ["perceptron_seed1"]),
    ("unknown product", "products: {comparsion: {methods: [component]}}",
     ["no product 'comparsion'", "mean 'comparison'?"]),
    ("unknown method of a product", "products: {comparison: {methods: [compnent]}}",
     ["comparison.methods: no method 'compnent'", "mean 'component'?"]),
    ("prediction of a transformation", "products: {comparison: {methods: [shift]}}",
     ["comparison.methods: 'shift' makes events"]),
    ("history of a formula", "products: {comparison: {fits: [component]}}",
     ["comparison.fits: method 'component' is a formula"]),
    ("unknown way", "explanations: {look: {network: perceptron, ways: [filtres]}}",
     ["look.ways", "mean 'filters'?"]),
]  # fmt: skip

# name, command line, what the message must hold
COMMANDS = [
    ("unknown verb", "trian", ["no verb 'trian'", "mean 'train'?"]),
    ("unknown option", "simulate --event 3", ["--event", "--events"]),
    ("missing option", "simulate blobs gauss -o old.h5", ["Missing option '--events'"]),
    ("missing argument", "predict blobs", ["Missing argument 'METHOD'"]),
    ("no number", "simulate blobs gauss --events many -o old.h5", ["--events", "'many'"]),
    ("no events", "simulate blobs gauss --events 0 -o old.h5", ["--events", "x>=1"]),
    ("unknown study", "simulate jest toy --events 3 -o old.h5", ["no study 'jest'", "'jets'?"]),
    ("a path for a study", "simulate ../jets toy --events 3 -o old.h5", ["no study '../jets'"]),
    ("unknown source", "simulate blobs Gaus --events 3 -o old.h5", ["'Gaus'", "mean 'gauss'?"]),
    ("unknown method", "predict blobs percepton events.h5 -o old.h5", ["'perceptron'?"]),
    ("unknown product", "plot jets rco -o figure", ["no product 'rco'", "mean 'roc'?"]),
    ("unknown explanation", "explain blobs perceptron --method x -o old.h5", ["'x'", "filters"]),
    ("seed too large", f"{SIMULATE} --seed {2**63}", ["--seed", f"x<={2**63 - 1}"]),
    ("no JSON", f"{SIMULATE} --settings '{{a'", ["--settings: is not JSON", "character 1"]),
    ("no mapping", f"{SIMULATE} --settings 3", ["settings: 3", "a mapping of keys to values"]),
    ("unknown setting", f"{SIMULATE} --settings '{{\"distanc\": 1}}'", ["distanc", "'distance'?"]),
    ("shard out of range", f"{SIMULATE} --shard 4/4", ["--shard: 4/4", "0 … N − 1"]),
    ("no shard", f"{SIMULATE} --shard one", ["--shard: 'one' must read I/N, such as 0/4"]),
    ("shard without blocks", f"{SIMULATE} --shard 8/9", ["--shard: 8/9 is empty"]),
    ("wrong role", f"{TRAIN} --train tain=events.h5 --validation train=events.h5",
     ["--train: roles tain given", "has train"]),
    ("no role", f"{TRAIN} --train events.h5 --validation train=events.h5", ["must read ROLE=PATH"]),
    ("role twice", f"{TRAIN} {SPLITS} --train train=nan.h5", ["--train: 'train' stands twice"]),
    ("training a formula", f"train blobs component {SPLITS} -o old.ckpt", ["a formula", "train"]),
    ("epochs of an estimator", f"{FIT} data=events.h5 --training '{{\"epochs\": 3}}'",
     ["--training: 'shift' is no network"]),
    ("model of a formula", f"{APPLY} events.h5 --model network.ckpt", ["--model", "a formula"]),
    ("no model", "predict blobs perceptron events.h5 -o old.h5",
     ["--model", "name its model file"]),
    ("predicting by a transformation", "predict blobs shift events.h5 --model shift.ckpt -o old.h5",
     ["'shift' makes events", "cascade transform"]),
    ("transforming by a formula", "transform blobs component events.h5 -o old.h5",
     ["'component' makes no events", "shift"]),
    ("explaining a formula", "explain blobs component --method filters -o old.h5", ["no network"]),
    ("output is a folder", "simulate blobs gauss --events 3 -o folder", ["folder: is a folder"]),
    ("output below a file", "simulate blobs gauss --events 3 -o notes.txt/a.h5",
     ["notes.txt/a.h5", "notes.txt is not a folder"]),
    ("output without a name", "simulate blobs gauss --events 3 -o ''", ["name a file"]),
    ("ending of a product", "plot blobs comparison --predictions a:b=predictions.h5 -o old.pdf",
     ["--output: old.pdf: leave out .pdf"]),
    ("output is an input", f"{APPLY} events.h5 -o events.h5", ["events.h5 is read too"]),
    ("merging into a shard", "merge blobs shard_0.h5 shard_1.h5 -o shard_0.h5", ["is read too"]),
    ("log in a file's place", "--log notes.txt/a.log config blobs.yaml", ["notes.txt/a.log"]),
    ("history is a folder", f"{TRAIN} {SPLITS} --history folder", ["folder: is a folder"]),
    ("shares above one", ingest("a", a=0.7, b=0.7), ["fractions: add up to 1.4"]),
    ("file twice", ingest("train", train=0.7).replace("good.root", "good.root ./good.root"),
     ["./good.root: is given twice"]),
    ("share of another split", ingest("b", a=0.7), ["--split: no fraction for 'b'"]),
    ("share of no number", ingest("a", a="half"), ["fractions.a", "a number"]),
]  # fmt: skip

FILES = [
    ("missing file", f"{APPLY} missing.h5", ["missing.h5: no such file"]),
    ("a folder for a file", f"{APPLY} folder", ["folder: is a folder; name a file"]),
    ("truncated HDF5", f"{APPLY} truncated.h5", ["truncated.h5: is truncated; make it again"]),
    ("damaged HDF5", f"{APPLY} damaged.h5", ["damaged.h5: field 'x' is damaged"]),
    ("no HDF5", f"{APPLY} notes.h5", ["notes.h5: is not an HDF5 file"]),
    ("foreign HDF5", f"{APPLY} foreign.h5", ["foreign.h5", "Cascade did not write it"]),
    ("HDF5 of another study", f"{APPLY} jets.h5", ["jets.h5", "study 'jets', not of 'blobs'"]),
    ("missing field", f"{APPLY} no_x.h5", ["no_x.h5: no field 'x'", "label"]),
    ("empty HDF5", f"{APPLY} empty.h5", ["empty.h5: holds no events"]),
    ("NaN in events", f"{APPLY} nan.h5", ["nan.h5: field 'x' is not finite", "in event"]),
    ("predictions for events", f"{APPLY} predictions.h5", ["predictions.h5: no field 'x'"]),
    ("events for predictions", "evaluate blobs events.h5 -o old.json",
     ["events.h5", "cascade predict"]),
    ("missing label", "evaluate blobs unlabelled.h5 -o old.json", ["unlabelled.h5: no field"]),
    ("one class", "evaluate blobs one_class.h5 -o old.json", ["one_class.h5", "a class missing"]),
    ("empty events to transform", "transform blobs shift empty.h5 -o old.h5 --model shift.ckpt",
     ["empty.h5: holds no events"]),
    ("missing field to transform", "transform blobs shift no_x.h5 -o old.h5 --model shift.ckpt",
     ["no_x.h5: no field 'x'"]),
    ("empty export", "export blobs empty.h5 -o old.root", ["empty.h5: holds no events"]),
    ("export of another study", "export blobs jets.h5 -o old.root", ["study 'jets'"]),
    ("no shard", "merge blobs events.h5 -o old.h5", ["events.h5: is no shard"]),
    ("missing shard", "merge blobs shard_0.h5 -o old.h5", ["shard_0.h5: block 1"]),
    ("shard twice", "merge blobs shard_0.h5 shard_0.h5 -o old.h5", ["shard_0.h5: block 0"]),
    ("shard of another seed", "merge blobs shard_0.h5 shard_alien.h5 -o old.h5",
     ["shard_alien.h5: its seed"]),
    ("NaN in a fit", f"{FIT} data=nan.h5", ["nan.h5: field 'x' is not finite"]),
    ("empty events in a fit", f"{FIT} data=empty.h5", ["empty.h5: holds no events"]),
    ("fit on another study", f"{FIT} data=jets.h5", ["jets.h5", "study 'jets', not of 'blobs'"]),
    ("fit of one class", "train jets mass_tau21 --train train=qcd.h5 "
     "--validation train=qcd.h5 -o old.ckpt", ["train split holds only jets of label 0", "W (1)"]),
    ("no product input", "plot jets roc -o figure", ["name at least one method"]),
    ("missing product input", "plot jets roc --predictions a:b=missing.h5 -o figure",
     ["missing.h5: no such file"]),
    ("events in a ROC curve", "plot jets roc --predictions a:b=jets.h5 -o figure",
     ["jets.h5: no field 'score'"]),
    ("product input of another study", "plot jets roc --predictions a:b=predictions.h5 -o figure",
     ["predictions.h5", "study 'blobs', not of 'jets'"]),
    ("no sample of a method", "plot jets roc --predictions a=jets.h5 -o figure",
     ["must read METHOD:SAMPLE"]),
    ("no history", "plot jets history --history a=notes.txt -o figure", ["notes.txt: holds no"]),
    ("nothing to show", "plot blobs comparison -o figure", ["'comparison' has nothing to show"]),
]  # fmt: skip

NETWORKS = [
    ("missing checkpoint", f"{PREDICT} missing.ckpt", ["missing.ckpt: no such file"]),
    ("text for a checkpoint", f"{PREDICT} notes.txt", ["notes.txt: is not a network"]),
    ("truncated checkpoint", f"{PREDICT} truncated.ckpt", ["truncated.ckpt: is not a network"]),
    ("pickle of a module", f"{PREDICT} pickle.ckpt", ["pickle.ckpt: is not a network"]),
    ("tensors of someone else", f"{PREDICT} tensors.ckpt", ["tensors.ckpt: is not a network"]),
    ("zip of something else", f"{PREDICT} zip.ckpt", ["zip.ckpt: is not a network"]),
    ("estimator for a network", f"{PREDICT} shift.ckpt", ["shift.ckpt: is not a network"]),
    ("network of another study", f"{PREDICT} of_jets.ckpt", ["of_jets.ckpt", "study 'jets'"]),
    ("network of another method", f"{PREDICT} of_other_method.ckpt", ["method 'deep'"]),
    ("weights of another width", f"{PREDICT} broad.ckpt", ["blobs/mine", "do not fit"]),
    ("settings of another version", f"{PREDICT} old_settings.ckpt", ["neurons: unknown key"]),
    ("checkpoint without a record", f"{PREDICT} no_record.ckpt", ["no_record.ckpt"]),
    ("checkpoint without weights", f"{PREDICT} no_weights.ckpt", ["no_weights.ckpt"]),
    ("other settings than trained", f"{PREDICT} network.ckpt --settings '{{\"width\": 9}}'",
     ["network.ckpt: was trained with width 4, not 9"]),
    ("events of another shape", "predict blobs perceptron wide.h5 -o old.h5 --model network.ckpt",
     ["wide.h5: field 'x' has the shape (3,)", "trained on (2,)"]),
    ("nothing to explain", "explain blobs perceptron --method filters --model network.ckpt "
     "-o old.h5", ["no convolution"]),
    ("network for an estimator", f"{TRANSFORM} network.ckpt", ["network.ckpt: is not a fitted"]),
    ("zip for an estimator", f"{TRANSFORM} zip.ckpt", ["zip.ckpt: is not a fitted model"]),
    ("missing estimator", f"{TRANSFORM} missing.ckpt", ["missing.ckpt: no such file"]),
    ("estimator of another study", f"{TRANSFORM} shift_jets.ckpt", ["study 'jets', not"]),
    ("estimator of another method", f"{TRANSFORM} shift_other.ckpt", ["method 'turn'"]),
    ("no GPU", f"{PREDICT} network.ckpt --accelerator cuda", ["no GPU here; choose auto or cpu"]),
    ("no GPU to train on", f"{TRAIN} {SPLITS} --accelerator cuda", ["choose auto or cpu"]),
    ("unknown optimiser", training(optimiser={"name": "Lion"}),
     ["training.optimiser.name", "'AdamW'"]),
    ("unknown argument", training(optimiser={"settings": {"foo": 1}}),
     ["training.optimiser.settings.foo: torch.optim.Adam has no such argument", "weight_decay"]),
    ("impossible argument", training(optimiser={"settings": {"betas": [2, 3]}}),
     ["training.optimiser.settings: torch.optim.Adam does not accept", "betas"]),
    ("learning rate in the wrong place", training(optimiser={"settings": {"lr": 1}}),
     ["give it as training.optimiser.lr"]),
    ("scaling of another field", training(scaling={"y": "log"}), ["training.scaling.y"]),
    ("diverging training", training(optimiser={"name": "SGD", "lr": 1e30}),
     ["blobs/perceptron: diverged", "lower training.optimiser.lr (it is 1e+30)"]),
    ("NaN in training", f"{TRAIN} --train train=nan.h5 --validation train=events.h5",
     ["nan.h5: field 'x' is not finite"]),
    ("no label in training", f"{TRAIN} --train train=no_label.h5 --validation train=events.h5",
     ["no_label.h5: no field 'label'"]),
    ("one class in training", f"{TRAIN} --train train=one_blob.h5 --validation train=events.h5",
     ["one_blob.h5: field 'label' is 0 in all events"]),
    ("one class to validate on", f"{TRAIN} --train train=events.h5 "
     "--validation train=one_blob.h5", ["one_blob.h5: field 'label' is 0 in all events"]),
    ("empty validation", f"{TRAIN} --train train=events.h5 --validation train=empty.h5",
     ["empty.h5: holds no events"]),
    ("training on another study", f"{TRAIN} --train train=jets.h5 --validation train=events.h5",
     ["jets.h5", "study 'jets', not of 'blobs'"]),
    ("validation of another shape", f"{TRAIN} --train train=events.h5 --validation train=wide.h5",
     ["wide.h5: field 'x' has the shape (3,)"]),
    ("too many poolings", f"{CNN} '{{\"channels\": [8, 8, 8, 8, 8, 8], \"kernel\": 1}}'",
     ["cnn: ", "at most", "poolings"]),
    ("images of another size", f"{CNN} '{{\"image_size\": 20}}'", ["jets/cnn", "image (25, 25)"]),
]  # fmt: skip

SOURCES = [
    ("missing ROOT file", f"{INGEST} missing.root", {}, ["missing.root: no such file"]),
    ("no ROOT file", f"{INGEST} notes.txt", {}, ["notes.txt: cannot be read as a ROOT file"]),
    ("truncated ROOT file", f"{INGEST} truncated.root", {}, ["truncated.root: cut off"]),
    ("missing tree", f"{INGEST} good.root", {"tree": "evnts"}, ["good.root: no tree", "'events'?"]),
    ("missing branch", f"{INGEST} good.root", {"label_branch": "labl"},
     ["good.root", "no branch 'labl'", "'label'?"]),
    ("empty tree", f"{INGEST} empty.root", {}, ["empty.root: tree 'events' is empty"]),
    ("NaN momenta", f"{INGEST} nan.root", {}, ["nan.root: branch 'py' is not finite", "entry 1"]),
    ("uneven branches", f"{INGEST} uneven.root", {}, ["uneven.root: entry 0", "'px'", "'py'"]),
    ("label that is none", f"{INGEST} label_7.root", {}, ["label_7.root: branch 'label' is 7"]),
    ("no label", f"{INGEST} good.root", {"label_branch": None}, ["'label_branch' or 'labels'"]),
    ("no label of a file", f"{INGEST} good.root", {"label_branch": None, "labels": {"w.root": 1}},
     ["good.root: no label"]),
    ("nothing selected", f"{INGEST} good.root", {}, ["good.root: no event", "selection"]),
]  # fmt: skip

PYTHIA_LINES = [
    ("unknown Pythia setting", "TimeShower:alphaSvalu = 0.13"),
    ("impossible Pythia setting", "TimeShower:alphaSvalue = 99"),
]

FULL = ["bash", "-c", 'ulimit -f 1; exec "$@"', "bash"]
"""Runs a command on a disk that takes 1 kB a file."""
UNPRIVILEGED = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"]
"""Runs a command of root's so that permissions hold for it too."""

# name, what goes before the command, command line, what the message must hold
SYSTEM = [
    ("full disk under HDF5", FULL, SIMULATE, ["old.h5: cannot be written: file too large"]),
    ("full disk under a figure", FULL,
     "plot blobs comparison --predictions a:b=predictions.h5 -o figure",
     ["figure.pdf: cannot be written: file too large"]),
    ("full disk under ROOT", FULL, "export blobs events.h5 -o old.root",
     ["old.root: cannot be written: file too large"]),
    ("full disk under a checkpoint", FULL, training(epochs=1),
     ["old.ckpt: cannot be written"]),
    ("full disk under a state", FULL, training(epochs=1, batch_size=4, save_minutes=1e-6),
     [".resume/perceptron", "cannot be written: file too large"]),
    ("read-only results", UNPRIVILEGED if os.getuid() == 0 else [],
     "simulate blobs gauss --events 400 -o locked/old.h5",
     ["locked/old.h5: cannot be written: the folder locked is read-only"]),
]  # fmt: skip

EVERY = [
    *((name, "config blobs.yaml over.yaml", text, words) for name, text, words in CONFIGS),
    *((name, "config blobs.yaml over.yaml", f"studies: {{blobs: {{{text}}}}}", words)
      for name, text, words in BLOBS),
    *((name, command, None, words) for name, command, words in COMMANDS + FILES + NETWORKS),
    *((name, f"{command} --settings '{root_settings(**changes)}'", None, words)
      for name, command, changes, words in SOURCES),
    *((name, f"{PYTHIA} '{{\"lines\": [\"{line}\"]}}'", None, [f"'{line}'", "known setting"])
      for name, line in PYTHIA_LINES),
]  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return bad_files.make(tmp_path_factory.mktemp("bad_input"))


def content(folder: Path) -> dict[Path, bytes]:
    """Return all files of a folder but the config that a row writes."""
    paths = [path for path in folder.rglob("*") if path.is_file() and path.name != "over.yaml"]
    return {path.relative_to(folder): path.read_bytes() for path in paths}


def call(words: list[str], capfd) -> tuple[int, str]:
    """Run the command line in this process; return its exit status and what it said."""
    before, arguments = signal.getsignal(signal.SIGPIPE), sys.argv
    LOGGER.handlers.clear()
    sys.argv = ["cascade", *words]
    try:
        cli.main()
    except SystemExit as stop:
        return stop.code, capfd.readouterr().err
    finally:
        sys.argv = arguments
        signal.signal(signal.SIGPIPE, before)
        LOGGER.handlers.clear()
    return 0, capfd.readouterr().err


def check(code: int, said: str, words: list[str]) -> None:
    assert code == 2, said
    assert "Traceback" not in said
    lines = said.splitlines()
    errors = [line for line in lines if line.startswith("cascade: error: ")]
    assert len(errors) == 1, said
    assert errors == lines[-1:], said
    assert all(word in errors[0] for word in words), errors[0]


@pytest.mark.parametrize(
    ("command", "overlay", "words"),
    [pytest.param(*row[1:], id=f"{index}: {row[0]}") for index, row in enumerate(EVERY)],
)
def test_a_mistake_is_one_clear_line(folder, command, overlay, words, capfd, monkeypatch):
    monkeypatch.chdir(folder)
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    if overlay is not None:
        Path("over.yaml").write_text(overlay)
    before = content(folder)
    code, said = call(shlex.split(command), capfd)
    check(code, said, words)
    assert content(folder) == before


@pytest.mark.parametrize(
    ("prefix", "command", "words"), [pytest.param(*row[1:], id=row[0]) for row in SYSTEM]
)
def test_what_the_system_refuses_is_one_clear_line(folder, prefix, command, words):
    if prefix and not shutil.which(prefix[0]):
        pytest.skip(f"no {prefix[0]} here")
    before = content(folder)
    found = CommandLine(folder)(*prefix, "cascade", *shlex.split(command), check=False)
    check(found.returncode, found.stderr, words)
    assert content(folder) == before
