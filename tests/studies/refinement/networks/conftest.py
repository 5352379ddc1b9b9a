from __future__ import annotations

import pytest
import torch

from .commands import simulate_samples


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """Return a folder with both samples' splits, ``SAMPLE-SPLIT.h5``."""
    return simulate_samples(tmp_path_factory.mktemp("stations"))


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    """Several threads do nothing for a few traces but wait for each other."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
