"""Users of pip and of conda get the same versions: pyproject, constraints, environments in step."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import version

import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from programs import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
NEEDED = {
    canonicalize_name(Requirement(text).name)
    for text in (*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["dev"])
}
EXTRAS = {
    canonicalize_name(Requirement(text).name)
    for extra in PROJECT["optional-dependencies"].values()
    for text in extra
}
PINS = {
    canonicalize_name(name): pin
    for name, pin in re.findall(
        r"^([\w.-]+)==(\S+)$", (ROOT / "constraints.txt").read_text(), re.MULTILINE
    )
}


def packages(path: str) -> tuple[list[str], list[str]]:
    """Return what an environment file asks of conda and of pip."""
    found = yaml.safe_load((ROOT / path).read_text())["dependencies"]
    pip = [item for entry in found if isinstance(entry, dict) for item in entry["pip"]]
    return [entry for entry in found if isinstance(entry, str)], pip


def test_every_line_of_the_constraints_pins_one_version():
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    assert len(PINS) == len([line for line in lines if line and not line.startswith("#")])


def test_every_package_that_cascade_asks_for_is_pinned():
    assert PINS.keys() >= NEEDED | EXTRAS


def test_this_environment_has_the_pinned_versions():
    assert {name: Version(version(name)).public for name in NEEDED} == {
        name: Version(PINS[name]).public for name in NEEDED
    }


def test_conda_users_get_pips_packages_under_the_same_constraints():
    conda, pip = packages("environment.yml")
    assert pip == ["--constraint constraints.txt", "--editable .[dev]"]
    script = (ROOT / "workflow/envs/cascade.post-deploy.sh").read_text()
    assert "--constraint constraints.txt --editable ." in script
    for found in (conda, packages("workflow/envs/cascade.yaml")[0]):
        python = next(entry for entry in found if entry.startswith("python="))
        assert PROJECT["requires-python"].startswith(f">={python.removeprefix('python=')}")
