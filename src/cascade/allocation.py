"""Memory that is freed stays with the process, to be used again, until it is given back.

By default glibc gives each large block back to the kernel as soon as it is freed, and the kernel
clears all pages that it gives anew. The steps of a training ask for the same blocks again and
again: for convolutions over traces that is a fifth of a step. But whatever small thing is made
among such blocks and stays breaks up what was freed, and the process grows from chunk to chunk of
many events; so every now and then all is given back.
"""

from __future__ import annotations

import ctypes

# names and numbers of <malloc.h>
M_TRIM_THRESHOLD = -1
M_MMAP_THRESHOLD = -3
LARGEST = (2**31 - 1, 2**25)
"""Bytes of a block that is kept: more than 32 MB is refused by glibc before 2.35."""
TOGETHER = 16
"""Chunks behind which memory is given back: behind each, its pages would be cleared each time."""


def keep_freed() -> bool:
    """Have the C library keep what is freed; return whether it knows how (glibc does)."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return False
    # in this order: once the second is set, the first no longer grows by itself
    return any(mallopt(M_MMAP_THRESHOLD, largest) for largest in LARGEST) and bool(
        mallopt(M_TRIM_THRESHOLD, LARGEST[0])
    )


def give_back(chunks: int) -> None:
    """Give what is free back to the kernel behind each 16th chunk, if the C library knows how."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None and chunks % TOGETHER == 0:
        trim(0)
