"""Programs run as a user runs them: command lines in folders of the tests' own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
STUDIES = ROOT / "tests" / "workflow"


def environment() -> dict[str, str]:
    """Return an environment that finds the blobs study and this Python's programs."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, "PYTHONPATH": str(STUDIES), "PATH": path}


class CommandLine:
    """Runs programs in a folder of the test's own."""

    def __init__(self, folder: Path):
        self.folder = folder

    def __call__(self, *words: object, check: bool = True) -> subprocess.CompletedProcess:
        """Run a program to its end."""
        found = subprocess.run(
            [str(word) for word in words],
            cwd=self.folder,
            env=environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        if check and found.returncode:
            raise AssertionError(f"{words}: exit {found.returncode}\n{found.stderr}")
        return found

    def start(self, *words: object) -> subprocess.Popen:
        """Start a program in a process group of its own, so that it can be killed whole."""
        return subprocess.Popen(
            [str(word) for word in words],
            cwd=self.folder,
            env=environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )


def copy_project(folder: Path) -> CommandLine:
    """Copy Snakefile, rules, profiles and configs into a git repository of its own.

    A workflow run in there neither locks nor changes the project's files.
    """
    for name in ("workflow", "profiles", "config"):
        shutil.copytree(ROOT / name, folder / name)
    shutil.copy(ROOT / "Snakefile", folder)
    shutil.copy(STUDIES / "blobs.yaml", folder)
    run = CommandLine(folder)
    run("git", "init", "--quiet")
    run("git", "config", "user.email", "someone@example.org")
    run("git", "config", "user.name", "Someone")
    run("git", "add", ".")
    run("git", "commit", "--quiet", "--message", "Start")
    return run
