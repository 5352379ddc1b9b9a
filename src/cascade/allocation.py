"""Memory that is freed stays with the process, to be used again.

By default glibc gives each large block back to the kernel as soon as it is freed, and the kernel
clears all pages that it gives anew. The steps of a training, and chunks of events, ask for the same
blocks again and again: for convolutions over traces that is a fifth of a step.
"""

from __future__ import annotations

import ctypes

# names and numbers of <malloc.h>
M_TRIM_THRESHOLD = -1
M_MMAP_THRESHOLD = -3
LARGEST = (2**31 - 1, 2**25)
"""Bytes of a block that is kept: more than 32 MB is refused by glibc before 2.35."""


def keep_freed() -> bool:
    """Have the C library keep what is freed; return whether it knows how (glibc does)."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return False
    # in this order: once the second is set, the first no longer grows by itself
    return any(mallopt(M_MMAP_THRESHOLD, largest) for largest in LARGEST) and bool(
        mallopt(M_TRIM_THRESHOLD, LARGEST[0])
    )
