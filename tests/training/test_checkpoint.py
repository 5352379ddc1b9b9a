"""Model files: plain, whole, and never code."""

from __future__ import annotations

import errno
import os
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch

from cascade.errors import CascadeError
from cascade.training import checkpoint

RECORD = {"study": "jets", "name": "cnn", "seed": 3, "settings": '{"width": 4}'}


@pytest.fixture
def weights():
    torch.manual_seed(1)
    return {"a.weight": torch.randn(3, 4), "a.bias": torch.randn(3), "steps": torch.tensor(7)}


@pytest.fixture
def path(tmp_path, weights):
    checkpoint.save(tmp_path / "deep" / "model.ckpt", RECORD, weights)
    return tmp_path / "deep" / "model.ckpt"


def test_weights_and_record_come_back(path, weights):
    record, loaded = checkpoint.load(path, "jets")
    assert record == RECORD
    assert loaded.keys() == weights.keys()
    assert all(torch.equal(loaded[name], weights[name]) for name in weights)
    assert [item.name for item in path.parent.iterdir()] == ["model.ckpt"]


def test_plain_torch_reads_it_without_cascade(path, weights):
    content = torch.load(path, weights_only=True)
    assert torch.equal(content["state_dict"]["a.weight"], weights["a.weight"])
    assert content["record"] == RECORD


def refused(path, message, study=None):
    with pytest.raises(CascadeError, match=message) as caught:
        checkpoint.load(path, study)
    assert "\n" not in str(caught.value)
    assert path.name in str(caught.value)


def test_what_is_no_network_of_the_study_is_refused(path, tmp_path):
    refused(tmp_path / "none.ckpt", "no such file")
    refused(path, "is a network of study 'jets', not of 'showers'", "showers")
    other = tmp_path / "other.ckpt"
    for content in ({"state_dict": {}}, [1, 2], torch.zeros(3)):
        torch.save(content, other)
        refused(other, "is not a network that Cascade trained")
    for content in (b"", b"text", os.urandom(300)):
        other.write_bytes(content)
        refused(other, "is not a network that Cascade trained")


class Trap:
    """Makes a file when it is unpickled."""

    def __init__(self, target):
        self.target = str(target)

    def __reduce__(self):
        return os.mkdir, (self.target,)


@pytest.mark.parametrize("kind", ["pickle", "legacy", "zip", "record"])
def test_code_in_a_foreign_file_never_runs(tmp_path, kind):
    path, target = tmp_path / "model.ckpt", tmp_path / "executed"
    if kind == "pickle":
        path.write_bytes(pickle.dumps(Trap(target)))
    elif kind == "record":
        torch.save(
            {"format": checkpoint.FORMAT, "record": {"study": Trap(target)}, "state_dict": {}}, path
        )
    else:
        torch.save(Trap(target), path, _use_new_zipfile_serialization=kind == "zip")
    refused(path, "is not a network that Cascade trained")
    assert not target.exists()
    # the trap works: whoever unpickles it without a guard is caught
    if kind == "pickle":
        pickle.loads(path.read_bytes())
        assert target.exists()


def test_a_cut_file_is_refused(path):
    whole = path.read_bytes()
    for size in np.linspace(0, len(whole) - 1, 30, dtype=int):
        path.write_bytes(whole[:size])
        refused(path, "is not a network that Cascade trained")


def test_a_damaged_file_is_refused_or_intact(path, weights):
    whole = path.read_bytes()
    rng = np.random.default_rng(2)
    for start in rng.integers(len(whole), size=60):
        path.write_bytes(whole[:start] + rng.bytes(8) + whole[start + 8 :])
        try:
            record, loaded = checkpoint.load(path)
        except CascadeError:
            continue
        # bytes of no meaning, as the padding in the archive
        assert record == RECORD
        assert all(torch.equal(loaded[name], weights[name]) for name in weights)


def test_a_failed_save_leaves_the_old_file(path, monkeypatch):
    before = path.read_bytes()

    def full(part, content):
        with part.open("wb") as file:
            file.write(content[:4])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(CascadeError, match="cannot be written: no space left") as caught:
        checkpoint.save(path, RECORD, {})
    assert "\n" not in str(caught.value)
    assert path.read_bytes() == before
    assert [item.name for item in path.parent.iterdir()] == ["model.ckpt"]


def test_the_archive_holds_no_foreign_class(path):
    with zipfile.ZipFile(path) as archive:
        (pickled,) = [name for name in archive.namelist() if name.endswith("data.pkl")]
        content = archive.read(pickled)
    assert b"cascade." not in content
    assert b"numpy" not in content
