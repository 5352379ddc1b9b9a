"""The streams of random numbers, pinned: a change here changes every event of every study."""

from __future__ import annotations

from itertools import product

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from cascade.events.seeding import blocks, sequence


def test_known_streams_never_change():
    assert sequence(1, "jets", "toy", "train", 7).entropy == (
        1,
        3114032580,
        1728423790,
        1550247075,
        7,
    )
    block = blocks(1, "jets", "toy", "train", 3000, 1000)[2]
    assert block.rng().integers(0, 2**32, 3).tolist() == [1770546361, 2180786422, 1547827179]
    assert [block.integer_seed(stream, 900_000_000) for stream in range(3)] == [
        664843612,
        193430288,
        46535816,
    ]


@given(st.integers(1, 5000), st.integers(1, 700))
def test_blocks_cut_a_split_without_rest(events, size):
    cut = blocks(1, "jets", "toy", "train", events, size)
    assert [block.index for block in cut] == list(range(len(cut)))
    assert sum(block.events for block in cut) == events
    assert all(block.events == size for block in cut[:-1])
    assert 0 < cut[-1].events <= size


@given(st.integers(0, 2**31), st.integers(1, 20))
def test_a_block_does_not_depend_on_the_others(seed, shards):
    whole = blocks(seed, "jets", "toy", "train", 2000, 100)
    # more events in the split leave the first blocks as they are
    longer = blocks(seed, "jets", "toy", "train", 2500, 100)[:20]
    for mine, other in zip(whole, longer, strict=True):
        assert mine.rng().random() == other.rng().random()
    shared = [block for shard in range(shards) for block in whole[shard::shards]]
    assert sorted(block.index for block in shared) == list(range(20))


def test_every_part_of_the_key_counts():
    streams = product((1, 2), ("jets", "skies"), ("toy", "default"), ("train", "test"), range(3))
    first = {np.random.default_rng(sequence(*key)).random() for key in streams}
    assert len(first) == 2 * 2 * 2 * 2 * 3


def test_a_block_starts_again_whenever_it_is_asked():
    block = blocks(3, "jets", "toy", "train", 100, 100)[0]
    assert np.array_equal(block.rng().random(5), block.rng().random(5))


@given(st.integers(0, 10**6), st.integers(0, 5), st.integers(2, 10**9))
def test_foreign_seeds_stay_in_their_range(seed, stream, below):
    block = blocks(seed, "jets", "pythia8", "train", 1, 1)[0]
    assert 1 <= block.integer_seed(stream, below) < below
