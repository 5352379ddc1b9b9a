"""The profile for HTCondor: what it asks of the scheduler, without any of its daemons."""

from __future__ import annotations

import json
import os
import re
from importlib.util import find_spec
from pathlib import Path

import pytest
import yaml

from programs import ROOT, CommandLine, copy_project

pytestmark = [
    pytest.mark.cluster,
    pytest.mark.xdist_group("htcondor"),
    pytest.mark.skipif(
        find_spec("snakemake_executor_plugin_htcondor") is None,
        reason="HTCondor's executor is not installed (extra 'htcondor')",
    ),
]

# on a machine without a GPU, jobs of a cluster ask for one all the same
WORDS = "--workflow-profile profiles/htcondor --configfile blobs.yaml --config accelerator=auto"
RECORDED = Path(__file__).with_name("recorded_htcondor.py")


@pytest.fixture(scope="module")
def submitted(tmp_path_factory) -> tuple[CommandLine, dict[str, list[dict]]]:
    """Return a finished run, and its submit descriptions by the rule or group that they are of."""
    run = copy_project(tmp_path_factory.mktemp("htcondor"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CONDOR_CONFIG", os.devnull)
        patch.setenv("LOSE", "short")
        run("python", RECORDED, "notes", *WORDS.split(), "--seconds-between-status-checks", 1,
            "--", "results/blobs/perceptron_seed1/metrics.json")  # fmt: skip
    jobs = {}
    for line in (run.folder / "notes").read_text().splitlines():
        words = json.loads(line)
        jobs.setdefault(re.split(r"[-_]", words["batch_name"])[0], []).append(words)
    return run, jobs


def test_the_workflow_ends(submitted):
    run, _ = submitted
    assert (run.folder / "results/blobs/perceptron_seed1/metrics.json").exists()


def test_a_training_asks_for_a_gpu_and_small_jobs_for_none(submitted):
    _, jobs = submitted
    assert {job["request_gpus"] for job in jobs["short"]} == {"1"}
    for kind in ("simulate", "gather", "judge"):
        assert all("request_gpus" not in job for job in jobs[kind]), kind


def test_memory_and_cores_are_those_of_the_rules(submitted):
    _, jobs = submitted
    for job in (job for of_kind in jobs.values() for job in of_kind):
        assert re.fullmatch(r"\d+MB", job["request_memory"])
        assert int(job["request_cpus"]) >= 1
    assert {job["request_cpus"] for job in jobs["short"]} == {"1"}


def test_jobs_have_the_environment_and_the_files_of_the_submitter(submitted):
    _, jobs = submitted
    for job in (job for of_kind in jobs.values() for job in of_kind):
        assert job["getenv"].lower() == "true"
        # a shared file system: the state that a training resumes from must be there next time
        assert "should_transfer_files" not in job
        assert "transfer_input_files" not in job


def test_small_jobs_go_together(submitted):
    _, jobs = submitted
    assert len(jobs["simulate"]) == len(jobs["gather"]) == len(jobs["judge"]) == 1


def test_a_lost_job_is_submitted_again(submitted):
    _, jobs = submitted
    lost, again = jobs["short"]
    assert lost["batch_name"] == again["batch_name"]
    assert "--attempt 2" in again["arguments"]


def test_the_dry_run_takes_the_profile(project):
    found = project("snakemake", "--dry-run", *WORDS.split())
    assert "rule train:" in found.stdout


def test_the_profile_says_what_it_should():
    profile = yaml.safe_load((ROOT / "profiles/htcondor/profile.yaml").read_text())
    assert profile["executor"] == "htcondor"
    assert profile["retries"] > 0
    assert profile["rerun-incomplete"]
