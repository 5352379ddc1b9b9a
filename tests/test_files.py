"""Files are whole or not there."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from cascade.errors import CascadeError
from cascade.files import atomic, csv_text, read_text, write_json, write_text


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_file_appears_when_it_is_complete(tmp_path):
    path = tmp_path / "new" / "folder" / "file.txt"
    with atomic(path) as part:
        part.write_text("half")
        assert not path.exists()
        assert part.parent == path.parent  # on one disk, so that renaming is one step
    assert path.read_text() == "half"
    assert names(path.parent) == ["file.txt"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, CascadeError])
def test_a_writer_that_fails_leaves_the_old_file_alone(tmp_path, error):
    path = tmp_path / "file.txt"
    write_text(path, "old")

    def write():
        with atomic(path) as part:
            part.write_text("half")
            raise error("stop")

    with pytest.raises(error):
        write()
    assert path.read_text() == "old"
    assert names(tmp_path) == ["file.txt"]


def test_a_killed_writer_leaves_the_old_file_alone_and_the_next_one_succeeds(tmp_path):
    path = tmp_path / "file.txt"
    write_text(path, "old")
    child = os.fork()
    if not child:
        with atomic(path) as part:
            part.write_text("half")
            os.kill(os.getpid(), signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    assert os.WTERMSIG(status) == signal.SIGKILL
    assert path.read_text() == "old"
    write_text(path, "new")
    assert path.read_text() == "new"
    assert names(tmp_path) == ["file.txt"]


def refused(path, message, write=lambda path: write_text(path, "new")):
    with pytest.raises(CascadeError, match=message) as caught:
        write(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_what_the_system_refuses_is_said_in_one_line(tmp_path):
    write_text(tmp_path / "file", "old")
    refused(tmp_path / "file" / "below", "cannot be written: ")
    (tmp_path / "folder").mkdir()
    refused(tmp_path / "folder", "is a folder; name a file")
    refused(Path("/proc/nowhere/file"), "cannot be written: ")
    assert names(tmp_path) == ["file", "folder"]


def test_a_full_disk_is_said_in_one_line(tmp_path):
    # a limit on a file's size fails as a full disk does: in the middle of writing
    script = (
        "import resource, signal, sys; from pathlib import Path\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "from cascade.files import write_text; from cascade.errors import CascadeError\n"
        "try: write_text(sys.argv[1], 'x' * 5000)\n"
        "except CascadeError as error: print(error)\n"
    )
    path = tmp_path / "file.txt"
    path.write_text("old")
    found = subprocess.run(
        [sys.executable, "-c", script, path], capture_output=True, text=True, check=True
    )
    assert found.stdout == f"{path}: cannot be written: file too large\n"
    assert path.read_text() == "old"
    assert names(tmp_path) == ["file.txt"]
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] != 1000


def test_rows_and_json_are_readable_by_anyone(tmp_path):
    assert csv_text([{"a": 1, "b": "x, y"}, {"a": 2.5, "b": ""}]) == 'a,b\n1,"x, y"\n2.5,\n'
    write_json(tmp_path / "file.json", {"a": [1, float("nan"), float("inf")]})
    assert "NaN" not in (tmp_path / "file.json").read_text()


def test_text_that_cannot_be_read_is_said_in_one_line(tmp_path):
    with pytest.raises(CascadeError, match="cannot be read: no such file or directory"):
        read_text(tmp_path / "none")
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(CascadeError, match="is not a text file in UTF-8"):
        read_text(tmp_path / "binary")
