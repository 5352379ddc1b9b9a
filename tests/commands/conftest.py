"""The command line within this process, in a folder of the test's own."""

from __future__ import annotations

import pytest

from cascade.cli import cascade


@pytest.fixture
def call(tmp_path, monkeypatch):
    """Return a function that runs a command line given as words."""
    monkeypatch.chdir(tmp_path)
    for library in ("OMP", "OPENBLAS", "MKL"):
        monkeypatch.setenv(f"{library}_NUM_THREADS", "1")

    def run(*words):
        cascade([str(word) for word in words], standalone_mode=False)

    return run
