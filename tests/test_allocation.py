"""What is freed is kept: large blocks that are asked for again cost no new pages."""

from __future__ import annotations

import platform
import resource
import subprocess
import sys

import pytest

MEGABYTES = 30
BLOCKS = 4
"""At once: more than glibc keeps by itself, while a block is no larger than any glibc keeps."""
TIMES = 10
SCRIPT = f"""
import resource
import numpy as np
from cascade.allocation import keep_freed
kept = {{kept}} and keep_freed()
for _ in range({TIMES}):
    blocks = [np.ones({MEGABYTES} * 2**20, dtype="u1") for _ in range({BLOCKS})]
    del blocks
print(kept, resource.getrusage(resource.RUSAGE_SELF).ru_minflt)
"""


def page_faults(kept):
    found = subprocess.run(
        [sys.executable, "-c", SCRIPT.format(kept=kept)], capture_output=True, text=True, check=True
    )
    said, number = found.stdout.split()
    assert said == str(kept)
    return int(number)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="a feature of glibc")
def test_blocks_that_are_asked_for_again_cost_no_new_pages(monkeypatch):
    monkeypatch.setenv("NUMPY_MADVISE_HUGEPAGE", "0")
    pages = BLOCKS * MEGABYTES * 2**20 // resource.getpagesize()
    assert page_faults(kept=False) - page_faults(kept=True) > 0.8 * (TIMES - 1) * pages


GIVEN = """
import resource
import numpy as np
from cascade.allocation import give_back, keep_freed
def resident():
    return int(open("/proc/self/statm").read().split()[1]) * resource.getpagesize() / 2**20
keep_freed()
start = resident()
blocks = [np.ones(2**20, dtype="u1") for _ in range(100)]
stays = [block for block in blocks[::10]]
del blocks
give_back(15)
kept = resident() - start
give_back(16)
print(kept, resident() - start)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="a feature of glibc")
def test_what_is_free_between_blocks_that_stay_is_given_back():
    found = subprocess.run(
        [sys.executable, "-c", GIVEN], capture_output=True, text=True, check=True
    )
    kept, left = map(float, found.stdout.split())
    assert kept > 95
    assert 9 < left < 20
