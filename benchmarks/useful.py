"""How much of what the jobs of a finished run take is work: events, training steps, figures.

The rest is start: the interpreter and the modules that a job imports before it can begin. The time
of each job is what Snakemake noted in the run (``logs/times``; processor time, which does not count
what other jobs of the run kept it waiting for). What a start takes is measured here, by importing
the same modules as a job of that rule and method does, in as many processes at once as the run had
cores.

    python benchmarks/useful.py --run .
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections import defaultdict
from functools import cache
from pathlib import Path

from cascade.config import read_overlaid
from cascade.graph import build
from cascade.nodes import Graph
from cascade.study import Network
from comparison import Row, at_most, main
from costs.jobs import ROOT, Job
from resources import measure

BAR = 1.3
DEFAULT = ROOT / "config" / "config.yaml"
FIRST = {
    "simulate": ("cascade.events.hdf5",),
    "merge": ("cascade.events.hdf5", "cascade.events.shards"),
    "transform": ("cascade.events.hdf5", "cascade.models"),
    "train": ("cascade.events.hdf5", "cascade.training.estimators"),
    "predict": ("cascade.events.hdf5", "cascade.models"),
    "explain": ("cascade.introspection.explained", "cascade.training.batches"),
    "evaluate": ("cascade.events.hdf5", "cascade.evaluation.bootstrap"),
    "plot": ("cascade.events.hdf5", "cascade.plotting.written"),
    "overview": ("cascade.plotting.written",),
}
OF_NETWORKS = {
    "train": ("cascade.training.fit",),
    "predict": ("cascade.training.predict",),
    "transform": ("cascade.training.network",),
}


@cache
def start(modules: tuple[str, ...], cores: int) -> float:
    """Return the processor time of a process that imports modules and ends [s]."""
    before = os.times()
    command = [sys.executable, "-c", f"import {', '.join(modules)}"]
    for process in [subprocess.Popen(command) for _ in range(cores)]:
        if process.wait():
            raise subprocess.CalledProcessError(process.returncode, command)
    after = os.times()
    user = after.children_user - before.children_user
    return (user + after.children_system - before.children_system) / cores


def modules(job: Job, graph: Graph) -> tuple[str, ...]:
    """Return what a job imports before it begins."""
    found = ["cascade.cli", f"cascade.commands.{job.rule}", *FIRST[job.rule]]
    key = job.node
    if job.rule == "simulate":
        found.append(graph.samples[key.rpartition("/")[0]].code)
    elif job.rule == "transform":
        node = graph.samples[key.rpartition("/")[0]]
        key = f"{node.study}/{node.source}"
    elif job.rule == "explain":
        key = f"{job.study}/{graph.explanations[key].method}"
    if job.rule == "plot":
        found.append(graph.products[key].code)
    elif key in graph.methods and job.rule != "evaluate":
        found.append(graph.methods[key].code)
        if isinstance(graph.methods[key].declared, Network):
            found += OF_NETWORKS.get(job.rule, ())
    return tuple(found)


def rows(options: argparse.Namespace) -> list[Row]:
    graph = build(read_overlaid([DEFAULT, *options.configfile]))
    jobs = measure(options.run.resolve(), options.configfile)
    if not jobs:
        raise SystemExit(f"{options.run}: no finished run of this config lies there")
    whole, work = defaultdict(float), defaultdict(float)
    for job in jobs:
        begun = min(job.seconds, start(modules(job, graph), options.cores))
        for rule in (job.rule, f"all {len(jobs)} jobs"):
            whole[rule] += job.seconds
            work[rule] += job.seconds - begun
    return [
        Row(
            f"run: {rule}, time of jobs over that of their work",
            ours=whole[rule],
            unit="s",
            peer=work[rule],
            against="work alone",
            ratio=whole[rule] / work[rule],
            bar=at_most(BAR) if rule.startswith("all") else None,
        )
        for rule in whole
    ]


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--run", type=Path, default=ROOT, help="folder of the finished run")
    parser.add_argument("--configfile", type=Path, nargs="+", default=[], help="its overlays")
    parser.add_argument("--cores", type=int, default=2, help="that the run had")
    return parser


if __name__ == "__main__":
    sys.exit(main(parser(), rows))
