"""What a user waits for besides computing: help, a workflow with nothing to do, and empty jobs.

The whole workflow of a config is run in a folder of its own with a ``cascade`` that does nothing
but make the files it is asked for: what is left is Snakemake, and what our rules want of it (logs,
benchmarks, requests, parameters). Peer is Snakemake with as many jobs of one rule that touch a
file. After that there is nothing to do, which is timed too; the limit is the import of Snakemake,
and for help Python's own start. CPU seconds of all processes are counted: on a machine that does
nothing else one waits about as long.

    python benchmarks/startup.py --configfile config/smoke.yaml
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from comparison import OURS, Row, Turns, at_most, cpu_seconds, in_turns, main

ROOT = Path(__file__).parents[1]
PROGRAMS = Path(sys.executable).parent
HELP, NOTHING_TO_DO = 0.5, 2.5  # seconds
STUB = """#!/bin/sh
# makes what --output and --history name; a stem stands for the files of a product
while [ $# -gt 0 ]; do
  case "$1" in
    --output) case "${2##*/}" in
        *.*) : > "$2" ;;
        *) for suffix in png pdf csv json rst; do : > "$2.$suffix"; done ;;
      esac ;;
    --history) case "$2" in *=*) ;; *) : > "$2" ;; esac ;; # of a fit; what is plotted has a name
  esac
  shift
done
"""
PLAIN = """
rule all:
    input: expand("{number}.txt", number=range(%d))

rule one:
    output: "{number}.txt"
    shell: "touch {output}"
"""


def snakemake(folder: Path, *words: str) -> str:
    """Run Snakemake on one core in a folder and return what it says."""
    path = f"{folder / 'bin'}{os.pathsep}{PROGRAMS}{os.pathsep}{os.environ['PATH']}"
    found = subprocess.run(
        [PROGRAMS / "snakemake", "--cores", "1", *words],
        cwd=folder,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    if found.returncode:
        raise RuntimeError(f"snakemake fails: {found.stderr[-2000:]}")
    return found.stdout + found.stderr


def ours(folder: Path, config: str) -> tuple[float, int]:
    """Run the workflow with a ``cascade`` that does nothing; return seconds and jobs."""
    for name in ("workflow", "profiles", "config"):
        shutil.copytree(ROOT / name, folder / name)
    shutil.copy(ROOT / "Snakefile", folder)
    (folder / "bin").mkdir()
    (folder / "bin/cascade").write_text(STUB)
    (folder / "bin/cascade").chmod(0o755)
    started = cpu_seconds()
    said = snakemake(folder, "--configfile", config)
    seconds = cpu_seconds() - started
    return seconds, int(re.findall(r"(\d+) of \1 steps", said)[-1])


def plain(folder: Path, jobs: int) -> float:
    """Run as many jobs that touch a file, of which one is the target; return seconds."""
    folder.mkdir()
    (folder / "Snakefile").write_text(PLAIN % (jobs - 1))
    started = cpu_seconds()
    snakemake(folder)
    return cpu_seconds() - started


def answers(program: Path | str, *words: str) -> float:
    """Return what a program takes."""
    return subprocess.run([program, *words], check=True, capture_output=True).returncode


def rows(options: argparse.Namespace) -> list[Row]:
    with tempfile.TemporaryDirectory() as name:
        mine, bare = Path(name) / "ours", Path(name) / "plain"
        seconds, jobs = ours(mine, options.configfile)
        theirs = plain(bare, jobs)
        if "Nothing to be done" not in snakemake(mine, "--configfile", options.configfile):
            raise RuntimeError("there should be nothing to do after a whole run")
        helped = in_turns(
            {
                OURS: lambda turn: answers(PROGRAMS / "cascade", "--help"),
                "Python's start": lambda turn: answers(sys.executable, "-c", "pass"),
            },
            options.repeats,
        )
        rerun = in_turns(
            {
                OURS: lambda turn: snakemake(mine, "--configfile", options.configfile),
                "Snakemake's import": lambda turn: answers(
                    sys.executable, "-c", "import snakemake.cli"
                ),
            },
            options.repeats,
        )
        alone = Turns({OURS: [seconds], "empty jobs": [theirs]}).per(jobs)
        return [
            helped.row("cascade --help", "s", limit="Python's start", bar=at_most(HELP, OURS)),
            rerun.row(
                "workflow with nothing to do",
                "s",
                limit="Snakemake's import",
                bar=at_most(NOTHING_TO_DO, OURS),
            ),
            alone.row(f"workflow, each of {jobs} jobs without its work", "ms", limit="empty jobs"),
        ]


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--configfile", default="config/config.yaml")
    parser.add_argument("--repeats", type=int, default=7)
    return parser


if __name__ == "__main__":
    sys.exit(main(parser(), rows))
