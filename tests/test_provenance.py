"""The commit of the code that runs, asked for without touching its repository."""

from __future__ import annotations

import os
import subprocess

import pytest

from cascade import provenance


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """Return what runs git in a repository that seems to hold the code."""
    (tmp_path / "provenance.py").write_text("first")
    monkeypatch.setattr(provenance, "__file__", str(tmp_path / "provenance.py"))

    def git(*words):
        who = ("-c", "user.name=Someone", "-c", "user.email=someone@example.org")
        found = subprocess.run(
            ["git", "-C", tmp_path, *who, *words], capture_output=True, text=True, check=True
        )
        return found.stdout.strip()

    git("init", "--quiet")
    return git


def commit():
    return provenance.commit.__wrapped__()


def test_the_commit_is_found_and_whether_the_code_was_changed(repository, tmp_path):
    assert commit() == "unknown"
    repository("add", ".")
    repository("commit", "--quiet", "--message", "Start")
    assert commit() == repository("rev-parse", "HEAD")
    (tmp_path / "notes.txt").write_text("of no concern")
    assert commit() == repository("rev-parse", "HEAD")
    (tmp_path / "provenance.py").write_text("second")
    assert commit() == repository("rev-parse", "HEAD") + "-dirty"


def test_nothing_in_the_repository_is_written(repository, tmp_path):
    """Else a job that is killed meanwhile would leave a lock, and nobody could commit."""
    repository("add", ".")
    repository("commit", "--quiet", "--message", "Start")
    os.utime(tmp_path / "provenance.py", (1, 1))  # git would like to note that
    index = tmp_path / ".git" / "index"
    before = index.read_bytes()
    assert not commit().endswith("-dirty")
    assert index.read_bytes() == before


def test_outside_of_a_repository_it_is_unknown(tmp_path, monkeypatch):
    monkeypatch.setattr(provenance, "__file__", str(tmp_path / "provenance.py"))
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert commit() == "unknown"
