"""What several tests stand on: the blobs study, and command lines as a user types them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
STUDIES = ROOT / "tests" / "workflow"
sys.path.insert(0, str(STUDIES))


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


@pytest.fixture
def run(tmp_path: Path) -> CommandLine:
    """Run programs in this test's folder."""
    return CommandLine(tmp_path)


@pytest.fixture(scope="session")
def blobs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with ``train.h5`` and ``validation.h5`` of the blobs study."""
    folder = tmp_path_factory.mktemp("blobs")
    command = CommandLine(folder)
    for split, events in (("train", 6000), ("validation", 2000)):
        command("cascade", "simulate", "blobs", "gauss", "--events", events, "--seed", 2,
                "--split", split, "--output", f"{split}.h5")  # fmt: skip
    return folder
