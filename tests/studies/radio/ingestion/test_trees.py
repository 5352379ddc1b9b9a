"""ROOT files of traces: fixed and jagged branches, channels, and what is wrong with a file."""

from __future__ import annotations

import awkward as ak
import numpy as np
import pytest
import uproot

from cascade.errors import CascadeError
from cascade.events.root import export_root
from cascade.settings import validate
from cascade.studies.radio.ingestion.trees import ingest
from cascade.studies.radio.settings import RootSettings

TRACES = 30
WHOLE = {"signal": "signal", "interference": "interference", "label": "label"}


def everything(first, number):
    return np.ones(number, dtype=bool)


def read(*files, keep=everything, **changes):
    settings = validate(RootSettings, {"tree": "events", "band": None} | changes)
    chunks = list(ingest(files, settings, keep))
    return {name: np.concatenate([chunk[name] for chunk in chunks]) for name in chunks[0]}


def same(found, expected):
    assert found.keys() == expected.keys()
    for name, array in found.items():
        assert array.dtype == expected[name].dtype, name
        assert np.allclose(array, expected[name], rtol=1e-5, atol=1e-3), name


@pytest.fixture(scope="module")
def traces(drawn):
    return drawn(TRACES, 2)


@pytest.fixture(scope="module")
def file(traces, tmp_path_factory):
    path = tmp_path_factory.mktemp("root") / "traces.root"
    export_root(path, {"events": [traces]})
    return path


def write(path, **branches):
    """Write jagged branches."""
    with uproot.recreate(path) as file:
        kinds = {name: array.type.content for name, array in branches.items()}
        file.mktree("events", kinds).extend(branches)
    return path


@pytest.mark.parametrize("chunk", [1, 8, 1000])
def test_an_exported_file_gives_the_same_traces(file, traces, chunk):
    same(read(file, branches=WHOLE, chunk=chunk), traces)


def test_splits_share_out_the_entries(file, traces):
    def odd(first, number):
        return np.arange(first, first + number) % 2 == 1

    found = read(file, file, branches=WHOLE, keep=odd, chunk=8)
    same(found, {name: np.tile(values.T, 2).T[1::2] for name, values in traces.items()})


def test_jagged_branches_may_vary_in_length(traces, tmp_path):
    longer = np.arange(TRACES) % 3 * 40
    field = [np.append(trace, np.full(n, 9.0)) for trace, n in zip(traces["trace"], longer,
                                                                   strict=True)]  # fmt: skip
    path = write(tmp_path / "jagged.root", e=ak.Array(field))
    found = read(path, branches={"trace": "e"}, window=0, chunk=7)
    assert np.array_equal(found["trace"], traces["trace"])
    with pytest.raises(CascadeError, match="branch 'e' in entry 1 has 540 samples at 180 MHz, but"):
        read(path, branches={"trace": "e"}, chunk=7)


def test_one_of_several_channels_is_read(traces, tmp_path):
    field = traces["trace"].astype(float)
    channels = ak.from_regular(ak.Array(np.stack([3 * field, field], axis=1)), axis=None)
    # uproot writes lists of lists to RNTuples only
    path = tmp_path / "channels.root"
    with uproot.recreate(path) as file:
        file.mkrntuple("events", {"e": channels})
    named = {"trace": "e"}
    assert np.allclose(read(path, branches=named, channel=1)["trace"], traces["trace"])
    assert np.allclose(read(path, branches=named, channel=0)["trace"], 3 * traces["trace"])
    with pytest.raises(CascadeError, match=r"not a list of samples; choose one .* by 'channel'"):
        read(path, branches=named)
    with pytest.raises(CascadeError, match="has 2 channels in entry 0, counted from 0, and no"):
        read(path, branches=named, channel=2)


def test_branches_that_do_not_fit_are_named(file, traces, tmp_path):
    def fails(message, path=file, **changes):
        with pytest.raises(CascadeError, match=message) as caught:
            read(path, **changes)
        assert "\n" not in str(caught.value)

    fails("no tree 'event'; did you mean 'events'", tree="event")
    fails("no branch 'signals'; did you mean 'signal'", branches={"signal": "signals"})
    fails("branch 'label' holds int8 in each entry, not a list of", branches={"trace": "label"})
    fails("branch 'trace' holds .* in each entry, not one number", branches={"label": "trace"})
    field = traces["trace"].astype(float)
    field[11, 3] = np.nan
    jagged = ak.from_regular(ak.Array(field))
    path = write(tmp_path / "nan.root", e=jagged, short=jagged[:, 1:])
    fails("branch 'e' in entry 11 is not finite", path, branches={"trace": "e"}, chunk=8)
    short = {"trace": "e", "signal": "short"}
    fails("branch 'short' in entry 0 has 499 samples, but the trace 500", path, branches=short)
    empty = ak.Array([*field[:4], []])
    path = write(tmp_path / "empty.root", e=empty)
    fails("branch 'e' in entry 4 has no samples", path, branches={"trace": "e"})
    words = write(tmp_path / "words.root", e=ak.Array(["one", "two"]))
    fails("branch 'e' holds string in each entry", words, branches={"trace": "e"})
