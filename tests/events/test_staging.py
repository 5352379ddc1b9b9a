"""Copies on a node's disk are there as long as they are needed, and no longer."""

from __future__ import annotations

import pytest

from cascade.errors import CascadeError
from cascade.events.staging import staged


@pytest.fixture
def splits(tmp_path):
    for name in ("train", "validation"):
        (tmp_path / f"{name}.h5").write_text(name)
    return [{"only": tmp_path / "train.h5"}, {"only": tmp_path / "validation.h5"}]


def test_without_scratch_the_files_are_read_where_they_lie(splits):
    with staged(None, *splits) as found:
        assert list(found) == splits


def test_copies_lie_in_scratch_until_the_block_ends(splits, tmp_path, monkeypatch):
    scratch = tmp_path / "node"
    scratch.mkdir()
    monkeypatch.setenv("TMPDIR", str(scratch))
    with staged("$TMPDIR", *splits) as (train, validation):
        assert train["only"].read_text() == "train"
        assert validation["only"].read_text() == "validation"
        assert train["only"].is_relative_to(scratch)
    assert not list(scratch.iterdir())
    assert splits[0]["only"].exists()


def test_missing_scratch_is_one_clear_line(splits, tmp_path):
    with (
        pytest.raises(CascadeError, match=r"--scratch: .*/nowhere: "),
        staged(f"{tmp_path}/nowhere", *splits),
    ):
        pass
