"""What several tests stand on: programs in a folder of their own, and events of the blobs study."""

from __future__ import annotations

from pathlib import Path

import hypothesis
import pytest

from programs import CommandLine, copy_project

# tests do not judge times: the first example may import what takes long
hypothesis.settings.register_profile("patient", deadline=None)
hypothesis.settings.load_profile("patient")


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


@pytest.fixture
def project(tmp_path: Path) -> CommandLine:
    """Run programs in a fresh copy of the workflow, which holds ``blobs.yaml``."""
    return copy_project(tmp_path)
