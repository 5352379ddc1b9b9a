"""Run the benchmarks, each in a process of its own, and print one table of all.

    python benchmarks                          # all but the long ones
    python benchmarks hexagonal training       # those named
    python benchmarks --json benchmarks.json   # keep the table, with machine, versions and commit

One core is used. If a bar is missed the exit code is 1, if a benchmark fails it is 2.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import machine
from cascade import provenance
from comparison import Row, table

HERE = Path(__file__).parent
USUAL = (
    "showers", "skies", "radio", "refinement", "jets_toy", "jets_pythia", "hexagonal",
    "convolution1d", "edge_convolution", "reading", "training_step", "attribution", "startup",
)  # fmt: skip
LONG = ("showers_anchors", "skies_formulas", "radio_formulas", "radio_recurrent")
"""Not run unless they are named, or with ``--long``."""
BUSY = 0.5
"""Load from which timings are to be doubted."""


def run(name: str) -> list[Row] | None:
    """Return the rows of a benchmark, run by itself; None if it fails."""
    one = {f"{library}_NUM_THREADS": "1" for library in ("OMP", "MKL", "OPENBLAS")}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.json"
        process = subprocess.run(
            [sys.executable, HERE / f"{name}.py", "--json", path],
            env={**os.environ, **one},
            stdout=subprocess.DEVNULL,
            check=False,
        )
        if process.returncode > 1 or not path.exists():
            return None
        return [Row.read(plain) for plain in json.loads(path.read_text())]


def written(path: Path, record: dict, found: dict[str, list[Row]]) -> None:
    """Write all rows, and how they came about."""
    rows = [{"benchmark": name, **row.plain()} for name in found for row in found[name]]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({**record, "rows": rows}, indent=1) + "\n")


def main() -> int:
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join((*USUAL, *LONG)))
    parser.add_argument("--long", action="store_true", help=f"also {', '.join(LONG)}")
    parser.add_argument("--json", type=Path, help="write all to this file, too")
    options = parser.parse_args()
    if unknown := set(options.names) - {*USUAL, *LONG}:
        parser.error(f"no benchmark {', '.join(sorted(unknown))}; there are {USUAL + LONG}")
    record = {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": provenance.commit(),
        **machine.described(),
    }
    print(f"{record['processor']}, {record['cores']} cores, one used, {record['memory_gib']} GiB,")
    print(f"{record['copied_gb_per_s']} GB/s copied in memory, load {record['load']}", flush=True)
    if record["load"] > BUSY:
        print("other work is going on: ratios are worth more than times", flush=True)
    found, seconds = {}, {}
    for name in options.names or (*USUAL, *(LONG if options.long else ())):
        print(f"==> {name}", flush=True)
        started = time.monotonic()
        found[name] = run(name) or []
        seconds[name] = round(time.monotonic() - started, 1)
        print(table(found[name]), flush=True)
        if options.json:  # also if it is ended before its end
            written(options.json, {**record, "seconds": seconds}, found)
    print("\n" + table(row for rows in found.values() for row in rows))
    failed = [name for name, rows in found.items() if not rows]
    missed = sum(row.missed for rows in found.values() for row in rows)
    print(f"{missed} bars missed, {sum(seconds.values()):.0f} s in all")
    if not (options.names or options.long) and LONG:
        print(f"not run, as they take long: {', '.join(LONG)} (--long)")
    if failed:
        print(f"failed: {', '.join(failed)}")
    return 2 if failed else int(missed > 0)


if __name__ == "__main__":
    sys.exit(main())
