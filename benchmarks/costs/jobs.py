"""The jobs of a config: how large each is, and what it asks for."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import zlib
from dataclasses import dataclass
from pathlib import Path

import yaml

from cascade.events import hdf5
from cascade.nodes import Graph

ROOT = Path(__file__).parents[2]
CHUNK, BATCH = 8192, 64  # events that a prediction, an explanation hold at once


@dataclass(frozen=True)
class Job:
    """A job, how large it is, and what it took or asks for."""

    rule: str
    node: str
    digest: str
    events: float
    passes: float = 1.0
    seconds: float = 0.0
    rss_mb: float = 0.0
    disk_mb: float = 0.0
    gpu: bool = False
    threads: int = 1
    estimated: bool = False

    @property
    def study(self) -> str:
        """The study that it belongs to."""
        return self.node.partition("/")[0]

    @property
    def held(self) -> float:
        """Events that it holds at once."""
        limits = dict.fromkeys(("simulate", "merge", "transform", "predict"), CHUNK)
        limits["explain"] = BATCH
        return min(self.events, limits.get(self.rule, self.events))

    @property
    def work(self) -> float:
        """What its time is in proportion to."""
        return self.events * self.passes


class Sizes:
    """How many events the jobs of a config have: as planned, or as found in the run's files."""

    def __init__(self, graph: Graph, folder: Path | None = None):
        self.graph, self.folder = graph, folder

    def split(self, key: str, split: str) -> int:
        """Return the events of a sample's split."""
        node = self.graph.samples[key]
        if self.folder and (path := self.folder / f"data/{key}/{split}.h5").exists():
            return hdf5.count(path)
        if node.kind == "transform":
            return self.split(f"{node.study}/{node.config.of}", split)
        return node.config.events.get(split, 0)

    def shown(self, key: str) -> int:
        """Return the events of the split that methods are judged on."""
        return self.split(key, self.graph.shown(key))

    def epochs(self, key: str) -> float:
        """Return how often a fit looks at its events."""
        node = self.graph.methods[key]
        history = self.folder and self.folder / f"results/{key}/history.csv"
        if history and history.exists() and node.training:
            return len(history.read_text().splitlines()) - 1
        return json.loads(node.training)["epochs"] if node.training else 1

    def job(self, name: str) -> Job | None:
        """Return the job whose benchmark has this path below ``times``, if the config has it."""
        key, _, words = name.rpartition("/")
        study = key.partition("/")[0]
        rule, _, what = words.partition("-")
        graph, settings = self.graph, ""
        if rule in ("simulate", "merge", "transform") and key in graph.samples:
            split, *shard = what.split("-")
            events, settings = self.split(key, split), graph.samples[key].settings
            events /= int(shard[-1]) if shard else 1
            return Job(rule, f"{key}/{split}", _digest(settings), events)
        if key in graph.methods:
            node = graph.methods[key]
            settings, gpu = node.settings, node.device == "gpu"
            if rule == "train":
                events = sum(self.split(f"{study}/{s}", "train") for s in node.samples.values())
                if node.training:
                    settings += str(json.loads(node.training)["batch_size"])
                return Job(rule, key, _digest(settings), events, self.epochs(key), gpu=gpu)
            if rule == "explain" and f"{study}/{what}" in graph.explanations:
                look = graph.explanations[f"{study}/{what}"]
                events = json.loads(look.settings)["events"]
                return Job(rule, f"{study}/{what}", _digest(settings), events, gpu=gpu)
            if rule in ("predict", "evaluate"):
                sample = f"{study}/{what or graph.reference(study)}"
                if sample in graph.samples:
                    return Job(rule, key, _digest(settings), self.shown(sample))
        if key.endswith("/products") and f"{study}/{words}" in graph.products:
            names = graph.products[f"{study}/{words}"].shown
            events = sum(self.shown(f"{study}/{name}") for name in names)
            return Job("plot", f"{study}/{words}", "", events or 1)
        return Job("overview", name, "", 1) if key == "overview" else None


def _digest(text: str) -> str:
    return f"{zlib.crc32(text.encode()):08x}"


def alone(paths: list[Path]) -> set[str]:
    """Return the benchmarks of the jobs that go to a cluster's queue by themselves."""
    profile = yaml.safe_load((ROOT / "profiles/slurm/profile.yaml").read_text())
    together = [f"{kind}={most}" for kind, most in profile["group-components"].items()]
    jobs = plan(paths, "--group-components", *together)  # what stands in a group is left out
    return {name for name in jobs if not name.startswith("overview/")}  # made by Snakemake itself


def plan(paths: list[Path], *options: str) -> dict[str, dict[str, str]]:
    """Return all jobs of a config by their benchmark: outputs, threads, requests."""
    command = [sys.executable, "-m", "snakemake", "--dry-run", "--forceall", "--cores", "64"]
    text = subprocess.run(
        [*command, *(["--configfile", *map(str, paths)] if paths else []), *options],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    jobs = {}
    for block in re.split(r"\n(?=rule )", text)[1:]:
        found = dict(re.findall(r"^    (\w+): (.*)$", block, re.MULTILINE))
        if "benchmark" in found:
            found |= re.findall(r"(\w+)=([^,\n]*)", found["resources"])
            name = found["benchmark"].partition("times/")[2].removesuffix(".tsv")
            jobs[name] = found
    return jobs
