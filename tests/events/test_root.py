import contextlib

import awkward as ak
import numpy as np
import pytest
import uproot
from hypothesis import given, settings
from hypothesis import strategies as st

from cascade.errors import CascadeError
from cascade.events.root import export_root, read_chunks, read_root


def jagged(rng, counts, inner=(), dtype=np.float32):
    return ak.unflatten(rng.normal(size=(int(np.sum(counts)), *inner)).astype(dtype), counts)


@pytest.fixture
def particles(tmp_path):
    """Two files of 70 and 30 events, and all their events in memory."""
    rng = np.random.default_rng(1)
    events = {"px": jagged(rng, rng.poisson(5, 100)), "label": rng.integers(0, 2, 100)}
    paths = [tmp_path / "a.root", tmp_path / "b.root"]
    for path, part in zip(paths, (slice(0, 70), slice(70, 100)), strict=True):
        with uproot.recreate(path) as file:
            tree = file.mktree("sub/events", {"px": "var * float32", "label": "int64"})
            tree.extend({key: value[part] for key, value in events.items()})
    return paths, events


@pytest.mark.parametrize("step", [7, 1000, "1 kB", "50 MB"])
def test_chunks_of_several_files_hold_every_entry_once(particles, step):
    paths, events = particles
    chunks = list(read_chunks(paths, "sub/events", ["px", "label"], step))
    for name in events:
        together = ak.concatenate([chunk.branches[name] for chunk in chunks])
        assert ak.array_equal(together, events[name], dtype_exact=False)
    assert {chunk.path for chunk in chunks} == set(paths)
    assert sum(chunk.entries for chunk in chunks) == 100
    assert [chunk.start for chunk in chunks if chunk.start == 0] == [0, 0]


def test_a_size_in_bytes_makes_chunks_of_that_size(particles):
    paths, _ = particles
    sizes = [chunk.entries for chunk in read_chunks(paths, "sub/events", ["px"], "1 kB")]
    assert 1 < len(sizes) < 20


def test_an_rntuple_is_read_like_a_tree(tmp_path):
    path = tmp_path / "a.root"
    with uproot.recreate(path) as file:
        file.mkrntuple("events", {"px": ak.Array([[1.0, 2.0], [], [3.0]])})
    (chunk,) = read_chunks([path], "events", ["px"])
    assert chunk.branches["px"].to_list() == [[1.0, 2.0], [], [3.0]]


def fails(message, *arguments):
    with pytest.raises(CascadeError, match=message) as caught:
        list(read_chunks(*arguments))
    assert "\n" not in str(caught.value)


def test_mistakes_name_the_file_and_the_nearest_name(particles, tmp_path):
    paths, _ = particles
    fails(r"c\.root: no such file", [*paths, tmp_path / "c.root"], "sub/events", ["px"])
    fails(r"a\.root: no tree 'sub/event'; did you mean 'sub/events'", paths, "sub/event", ["px"])
    fails(r"has no branch 'pxx'; did you mean 'px'", paths, "sub/events", ["pxx"])
    text = tmp_path / "text.root"
    text.write_text("not a ROOT file at all\n" * 20)
    fails(r"text\.root: cannot be read as a ROOT file", [text], "events", ["px"])
    empty = tmp_path / "empty.root"
    empty.touch()
    fails(r"empty\.root: cannot be read as a ROOT file", [empty], "events", ["px"])
    with uproot.recreate(empty) as file:
        file.mktree("events", {"px": "var * float32"})
    fails(r"tree 'events' is empty", [empty], "events", ["px"])


def test_the_last_file_is_looked_at_before_the_first_chunk(particles, tmp_path):
    paths, _ = particles
    chunks = read_chunks([*paths, tmp_path / "c.root"], "sub/events", ["px"])
    with pytest.raises(CascadeError, match="no such file"):
        next(chunks)


def test_a_cut_file_is_never_read_as_if_it_were_whole(particles, tmp_path):
    paths, _ = particles
    whole = paths[0].read_bytes()
    cut = tmp_path / "cut.root"
    for size in np.linspace(0, len(whole) - 1, 60, dtype=int):
        cut.write_bytes(whole[:size])
        fails("cut.root", [cut], "sub/events", ["px"])


@pytest.mark.parametrize("seed", range(40))
def test_damaged_bytes_never_end_in_another_error(particles, tmp_path, seed):
    paths, _ = particles
    rng = np.random.default_rng(seed)
    content = bytearray(paths[0].read_bytes())
    start = rng.integers(len(content))
    content[start : start + 20] = rng.bytes(len(content[start : start + 20]))
    damaged = tmp_path / "damaged.root"
    damaged.write_bytes(content)
    # not all bytes of a ROOT file are under a checksum, so some damage may pass unseen
    with contextlib.suppress(CascadeError):
        list(read_chunks([damaged], "sub/events", ["px"]))


def sample(rng, events):
    counts = rng.poisson(3, events)
    return {
        "image": rng.normal(size=(events, 5, 4)).astype(np.float32),
        "mass": rng.normal(size=events).astype(np.float32),
        "label": rng.integers(0, 2, events).astype(np.int8),
        "flag": rng.random(events) < 0.5,
        "number": np.arange(events, dtype=np.int64),
        "hits": jagged(rng, counts, dtype=np.float64),
        "constituents": jagged(rng, counts, (3,)),
        "single": jagged(rng, counts, (1,)),
        "pairs": jagged(rng, counts, (2,)),
        "traces": jagged(rng, counts, (2, 6)),
    }


# the last two do not fit their fields' inner axes
COMPONENTS = {
    "constituents": ("pt", "eta", "phi"),
    "single": ("x",),
    "pairs": ("time",),
    "traces": ("time",),
}


def test_exported_trees_are_plain_ntuples(tmp_path):
    rng = np.random.default_rng(2)
    chunks = [sample(rng, 30), sample(rng, 0), sample(rng, 12)]
    path = tmp_path / "events.root"
    export_root(path, {"train": iter(chunks), "test": [chunks[0]]}, COMPONENTS)
    with uproot.open(path) as file:
        tree = file["train"]
        assert tree.num_entries == 42
        for name in ("image", "mass", "label", "flag", "number"):
            expected = np.concatenate([chunk[name] for chunk in chunks])
            array = tree[name].array(library="np")
            assert array.dtype == expected.dtype
            np.testing.assert_array_equal(array, expected)
        constituents = ak.concatenate([chunk["constituents"] for chunk in chunks])
        for i, name in enumerate(("pt", "eta", "phi")):
            assert ak.array_equal(tree[f"constituents_{name}"].array(), constituents[:, :, i])
        assert ak.array_equal(
            tree["nconstituents"].array(), ak.num(constituents), dtype_exact=False
        )
        assert file["test"].num_entries == 30
    assert [entry.name for entry in tmp_path.iterdir()] == ["events.root"]


@settings(max_examples=20)
@given(
    events=st.integers(1, 30), step=st.integers(1, 40), seed=st.integers(0, 99), named=st.booleans()
)
def test_events_survive_the_way_out_and_in(tmp_path_factory, events, step, seed, named):
    chunks = [sample(np.random.default_rng(seed), events), sample(np.random.default_rng(seed), 3)]
    path = tmp_path_factory.mktemp("root") / "events.root"
    export_root(path, {"events": chunks}, COMPONENTS if named else None)
    back = list(read_root(path, "events", step))
    for name, expected in chunks[0].items():
        together = [part[name] for part in back]
        assert all(type(array) is type(expected) for array in together)
        wanted = ak.concatenate([chunk[name] for chunk in chunks])
        assert ak.array_equal(ak.concatenate(together), wanted)


def test_a_failed_export_leaves_the_old_file(tmp_path):
    path = tmp_path / "events.root"
    export_root(path, {"events": [{"x": np.arange(3)}]})
    before = path.read_bytes()

    def broken():
        yield {"x": np.arange(3)}
        raise CascadeError("the sample ends here")

    with pytest.raises(CascadeError, match="ends here"):
        export_root(path, {"events": broken()})
    with pytest.raises(CascadeError, match="field 'x' is of type"):
        export_root(path, {"events": [{"x": np.array(["a"])}]})
    with pytest.raises(CascadeError, match="no events for tree 'events'"):
        export_root(path, {"events": []})
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["events.root"]


def test_a_foreign_tree_is_not_read_back(particles):
    paths, _ = particles
    with pytest.raises(CascadeError, match="was not written by Cascade"):
        next(read_root(paths[0], "sub/events"))
    with pytest.raises(CascadeError, match="no tree 'events'"):
        next(read_root(paths[0], "events"))
