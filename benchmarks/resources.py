"""What a run costs: jobs, core hours, memory and disk of each rule, from benchmarks of other runs.

Snakemake measures each job (``logs/times``). Those of a run are noted with the number of events
that the job had, and with the digest of its settings, in ``resources.csv`` beside this file:

    python benchmarks/resources.py --measure FOLDER --configfile config/mine.yaml

``FOLDER`` holds the run's ``data``, ``results`` and ``logs``; the configs are those that it was
made with. From what is noted there follows what another config would cost,

    python benchmarks/resources.py --configfile config/paper.yaml

and whether what its rules ask for is enough, and not more than twice as much as needed, and no job
of under a minute goes to a queue alone; if not, the exit code is 1. Without options this is done
for the default config and for paper.yaml.

The time of a job is a start and a part in proportion to its events, and for networks to the epochs;
its memory has a part in proportion to the events that it holds at once, its files to all. They come
from the two most unequal measurements of the node, time from those with the same settings; where
there is only one, the start is that of the least job of the rule. What was measured with other
settings alone is marked *; so is what was not measured, or with very few events, which is taken for
as costly as the costliest of its rule and study. Times are those of one core; no GPU was measured,
one is taken for ``--gpu-cores`` cores. How long the training of a network may take is not judged:
it is done in pieces.
"""

from __future__ import annotations

import argparse
import csv
import re
import sys
from collections import defaultdict
from dataclasses import asdict, fields, replace
from operator import itemgetter
from pathlib import Path

from cascade.config import read_overlaid
from cascade.graph import build
from costs.jobs import ROOT, Job, Sizes, alone, plan

NOTES = Path(__file__).with_suffix(".csv")
DEFAULT = ROOT / "config" / "config.yaml"

SNAKEMAKE_MB = 250  # that runs inside each job of a cluster, and is not in its benchmark
LEAST_MB, LEAST_MINUTES = 2000, 60  # what a core has anyway; asking for less gains nothing
LEAST_SECONDS = 60  # a job that is shorter should share a place in the queue
FURTHEST, DRAWN = 60, 20  # from fewer events than these fractions nothing is concluded
SAMPLED, INTERVAL = 15.5, 30.0  # seconds: after the first, Snakemake looks at a job so seldom


def measure(folder: Path, paths: list[Path]) -> list[Job]:
    """Return what the jobs of a run took."""
    sizes = Sizes(build(read_overlaid([DEFAULT, *paths])), folder)
    outputs = {name: found["output"].split(", ") for name, found in plan(paths).items()}
    jobs = []
    for path in sorted((folder / "logs/times").rglob("*.tsv")):
        name = str(path.relative_to(folder / "logs/times"))[:-4]
        job = sizes.job(name)
        if job is None or name not in outputs:
            continue
        row = next(csv.DictReader(path.open(), delimiter="\t"))
        if "-" in (row["cpu_time"], row["max_rss"]) or row["cpu_time"] == "NA":
            continue
        seconds, cpu = float(row["s"]), float(row["cpu_time"])
        looked = seconds
        if seconds > SAMPLED:
            looked = SAMPLED + INTERVAL * ((seconds - SAMPLED) // INTERVAL)
        below = [folder / re.sub(r"^.*?(?=(data|results)/)", "", out) for out in outputs[name]]
        size = sum(file.stat().st_size for file in below if file.exists()) / 2**20
        jobs.append(
            replace(
                job,
                seconds=round(min(seconds, cpu * seconds / looked), 2),
                rss_mb=round(float(row["max_rss"])),
                disk_mb=round(size, 3),
            )
        )
    return jobs


class Costs:
    """What jobs take, from those that were measured."""

    def __init__(self, measured: list[Job]):
        self.of_node, self.of_rule = defaultdict(list), defaultdict(list)
        for job in measured:
            self.of_node[job.rule, job.node].append(job)
            self.of_rule[job.rule, job.study].append(job)

    def of(self, jobs: dict[str, Job]) -> dict[str, Job]:
        """Return jobs with their time, memory and disk."""
        found = {name: self._of(job) for name, job in jobs.items()}
        known = [job for job in found.values() if job.rss_mb]
        for name, job in found.items():
            alike = [other for other in known if other.rule == job.rule]
            alike = [other for other in alike if other.study == job.study] or alike
            if not job.rss_mb and alike:
                worst = {what: max(getattr(other, what) for other in alike)
                         for what in ("seconds", "rss_mb", "disk_mb")}  # fmt: skip
                found[name] = replace(job, **worst)
        return found

    def _of(self, job: Job) -> Job:
        there = self.of_node.get((job.rule, job.node), [])
        alike = [
            other
            for other in there
            if other.digest == job.digest and other.work * FURTHEST >= job.work
        ]
        largest = max((other.events for other in there), default=0)
        if job.events > largest * (DRAWN if job.rule == "plot" else FURTHEST):
            return replace(job, estimated=True)
        return replace(
            job,
            seconds=self._at(job, "seconds", "work", alike or there),
            rss_mb=self._at(job, "rss_mb", "held", there),
            disk_mb=self._at(job, "disk_mb", "events", alike or there),
            estimated=not alike,
        )

    def _at(self, job: Job, name: str, size: str, known: list[Job]) -> float:
        """Return a number of a job from those of others of its node."""
        largest = max(known, key=lambda other: getattr(other, size))
        value, first = getattr(largest, name), getattr(largest, size)
        peers = self.of_rule[job.rule, job.study]
        slope = _slope(known, name, size)
        if name == "rss_mb" and job.rule in ("train", "predict"):
            # an event takes much the same in all; one measurement of a node does not tell how much
            slope = max(
                _slope(others, name, size) or 0
                for (rule, node), others in self.of_node.items()
                if (rule, node.split("/")[0], others[0].gpu) == (job.rule, job.study, job.gpu)
            )
        if slope is None:
            slope = (value - min(getattr(peer, name) for peer in peers)) / max(1, first)
        least = min(getattr(other, name) for other in known)
        return max(least, value + slope * (getattr(job, size) - first))


def _slope(jobs: list[Job], name: str, size: str) -> float | None:
    """Return by how much a number grows with size, if there are sizes enough to tell."""
    small, large = (choose(jobs, key=lambda job: getattr(job, size)) for choose in (min, max))
    span = getattr(large, size) - getattr(small, size)
    if span <= getattr(small, size):
        return None
    return max(0, (getattr(large, name) - getattr(small, name)) / span)


def table(jobs: dict[str, Job], asked: dict[str, dict[str, str]], gpu_cores: float) -> str:
    """Return what a config costs, by study and rule, as a table in Markdown."""
    groups = defaultdict(list)
    for name, job in jobs.items():
        groups[job.study, job.rule].append((job, asked[name]))
        groups["all", ""].append((job, asked[name]))
    lines = [
        "| study | rule | jobs | core hours | of it for GPUs | GPU hours | longest job [min] "
        "| memory [MB] | asked [MB] | disk [GB] |",
        "|---|---|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    total = groups.pop(("all", ""))
    for (study, rule), members in [
        *sorted(groups.items(), key=itemgetter(0)),
        (("all", ""), total),
    ]:
        found = [job for job, _ in members]
        hours = sum(job.seconds for job in found) / 3600
        gpu = sum(job.seconds for job in found if job.gpu) / 3600
        star = "\\*" if any(job.estimated for job in found) and rule else ""
        lines.append(
            f"| {study} | {rule}{star} | {len(found)} | {hours:.2f} | {gpu:.2f} "
            f"| {gpu / gpu_cores:.2f} | {max(job.seconds for job in found) / 60:.1f} "
            f"| {max(job.rss_mb for job in found) + SNAKEMAKE_MB:.0f} "
            f"| {max(int(request['mem_mb']) for _, request in members)} "
            f"| {sum(job.disk_mb for job in found) / 1024:.2f} |"
        )
    return "\n".join(lines)


def unfit(jobs: dict[str, Job], asked: dict[str, dict[str, str]]) -> list[str]:
    """Return a line for each request that is too small, or twice too large, for measured nodes."""
    lines = []
    for name, job in jobs.items():
        needs = {"mem_mb": (job.rss_mb + SNAKEMAKE_MB, LEAST_MB)}
        if not job.gpu:
            needs["runtime"] = (job.seconds / 60, LEAST_MINUTES)
        for what, (need, least) in needs.items():
            request = int(asked[name][what])
            if not job.estimated and not need <= request <= max(2 * need, least):
                lines.append(f"{name}: asks for {what}={request}, needs {need:.0f}")
    return lines


def lonely(jobs: dict[str, Job], alone: set[str]) -> list[str]:
    """Return a line for each job that goes to a queue alone although it is short."""
    short = [name for name in jobs if name in alone and jobs[name].seconds < LEAST_SECONDS]
    return [f"{name}: alone in the queue for {jobs[name].seconds:.0f} s" for name in short]


def read() -> list[Job]:
    """Return the jobs that are noted."""
    types = {"rule": str, "node": str, "digest": str, "gpu": lambda text: text == "1"}
    with NOTES.open() as file:
        return [
            Job(**{key: types.get(key, float)(value) for key, value in row.items()})
            for row in csv.DictReader(file)
        ]


def write(jobs: list[Job]) -> None:
    """Note jobs; of several of the same size the quickest stays, others only slowed it down."""
    best = {}
    for job in sorted(jobs, key=lambda job: -job.seconds):
        best[job.rule, job.node, job.digest, round(job.work)] = job
    names = [field.name for field in fields(Job)][:9]
    with NOTES.open("w", newline="") as file:
        writer = csv.DictWriter(file, names, extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        for key in sorted(best):
            row = asdict(best[key])
            writer.writerow({name: f"{row[name]:g}" if name in names[3:] else row[name]
                             for name in names})  # fmt: skip


def estimate(paths: list[Path]) -> tuple[dict[str, Job], dict[str, dict[str, str]]]:
    """Return the jobs of a config with what they take, and what they ask for."""
    sizes, costs = Sizes(build(read_overlaid([DEFAULT, *paths]))), Costs(read())
    asked = plan(paths)
    return costs.of({name: job for name in asked if (job := sizes.job(name))}), asked


def main() -> int:
    """Note a run, or tell what configs cost."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--measure", type=Path, metavar="FOLDER", help="note what this run took")
    parser.add_argument("--missing", action="store_true", help="only nodes not noted before")
    parser.add_argument("--configfile", type=Path, nargs="+", default=[], help="overlays, as there")
    parser.add_argument("--gpu-cores", type=float, default=20.0, help="cores that a GPU stands for")
    given = parser.parse_args()
    paths = [path.resolve() for path in given.configfile]
    if given.measure:
        known = read() if NOTES.exists() else []
        there = {(job.rule, job.node) for job in known} if given.missing else set()
        found = measure(given.measure.resolve(), paths)
        write([*known, *(job for job in found if (job.rule, job.node) not in there)])
        return 0
    wrong = 0
    for chosen in [paths] if paths else [[], [ROOT / "config" / "paper.yaml"]]:
        jobs, asked = estimate(chosen)
        names = " + ".join(path.name for path in chosen or [DEFAULT])
        print(f"{names}, a GPU taken for {given.gpu_cores:g} cores:\n")
        print(table(jobs, asked, given.gpu_cores) + "\n")
        for line in (lines := unfit(jobs, asked) + lonely(jobs, alone(chosen))):
            print(line)
        wrong += len(lines)
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
