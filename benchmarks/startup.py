"""What a user waits for before anything is computed: help, and a workflow with nothing to do.

python benchmarks/startup.py [--configfile config/smoke.yaml]

Each is printed beside its limit on this machine: Python's own start, and the import of Snakemake.
The workflow should have run to its end before; otherwise planning all its jobs is timed.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time
from pathlib import Path

PROGRAMS = Path(sys.executable).parent


def seconds(*words: str) -> float:
    started = time.perf_counter()
    subprocess.run(words, check=True, capture_output=True)
    return time.perf_counter() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--configfile", default="config/config.yaml")
    parser.add_argument("--repeats", type=int, default=7)
    options = parser.parse_args()
    snakemake = [str(PROGRAMS / "snakemake"), "--cores", "1", "--configfile", options.configfile]
    plan = subprocess.run([*snakemake, "--dry-run"], capture_output=True, text=True, check=True)
    state = "nothing to do" if "Nothing to be done" in plan.stdout + plan.stderr else "jobs to plan"
    tasks = {
        "python, nothing": (sys.executable, "-c", "pass"),
        "cascade --help": (str(PROGRAMS / "cascade"), "--help"),
        "python, import snakemake.cli": (sys.executable, "-c", "import snakemake.cli"),
        f"snakemake, {state}": (*snakemake, *(["--dry-run"] if state != "nothing to do" else [])),
    }
    times = {name: [] for name in tasks}
    for _ in range(options.repeats):
        for name, words in tasks.items():
            times[name].append(seconds(*words))
    for name, found in times.items():
        print(f"{name:32s} median {statistics.median(found):6.2f} s  (least {min(found):.2f} s)")


if __name__ == "__main__":
    main()
