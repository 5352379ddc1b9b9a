"""ROOT trees hold what the HDF5 files hold."""

from __future__ import annotations

import awkward as ak
import numpy as np
import pytest
import uproot

from cascade.errors import CascadeError
from cascade.events import hdf5


def test_events_and_predictions_come_back_equal(call, monkeypatch):
    monkeypatch.setattr("cascade.commands.export.CHUNK", 16)
    call("simulate", "jets", "toy", "--events", 40, "--block", 20, "-o", "test.h5")
    call("predict", "jets", "tau21", "test.h5", "-o", "tau21.h5")
    call("export", "jets", "test.h5", "tau21.h5", "-o", "jets.root")
    with uproot.open("jets.root") as file:
        for name in ("test", "tau21"):
            stored = hdf5.read(f"{name}.h5")
            tree = file[name]
            for field, array in stored.items():
                if isinstance(array, ak.Array):
                    counts = ak.to_numpy(ak.num(array))
                    for i, part in enumerate(("pt", "eta", "phi")):
                        found = tree[f"{field}_{part}"].array()
                        np.testing.assert_array_equal(ak.num(found), counts)
                        np.testing.assert_array_equal(ak.flatten(found), ak.flatten(array)[:, i])
                else:
                    found = tree[field].array(library="np")
                    assert found.dtype == array.dtype
                    np.testing.assert_array_equal(found, array)


def test_two_files_of_one_name_are_refused(call):
    with pytest.raises(CascadeError, match="two files would both become the tree 'test'"):
        call("export", "jets", "a/test.h5", "b/test.h5", "-o", "jets.root")
