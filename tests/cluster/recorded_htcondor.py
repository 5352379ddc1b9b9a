"""Snakemake with an HTCondor that is not there: submit descriptions are noted, jobs run here.

    python recorded_htcondor.py NOTES [options of snakemake]

NOTES gets a line for each job: its submit description as JSON. The first attempt of each job whose
batch name begins with a word of the environment variable LOSE is lost: it fails, and is not run.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from types import SimpleNamespace

import htcondor2
import snakemake_executor_plugin_htcondor as plugin
from snakemake.cli import main

JobState, JobStatus = plugin.JobState, plugin.JobStatus


class Schedd:
    """Takes jobs, notes them, and runs them one by one."""

    states: dict[int, JobState] = {}
    seen: set[str] = set()

    def submit(self, description: htcondor2.Submit) -> SimpleNamespace:
        cluster = len(self.states) + 1
        words = dict(description)
        with open(NOTES, "a") as file:
            file.write(json.dumps(words) + "\n")
        name = words["batch_name"]
        lost = os.environ.get("LOSE", "")
        if lost and name.startswith(lost) and name not in self.seen:
            code = 1
        else:
            command = [words["executable"], *shlex.split(words["arguments"])]
            with open(f"{NOTES}.{cluster}.log", "w") as log:
                code = subprocess.run(command, stdout=log, stderr=log, check=False).returncode
        self.seen.add(name)
        self.states[cluster] = JobState(status=JobStatus.COMPLETED, exit_code=code)
        return SimpleNamespace(cluster=lambda: cluster)


NOTES = sys.argv.pop(1)
plugin.htcondor.Schedd = Schedd
plugin.htcondor.Submit.issue_credentials = lambda self: None
plugin.Executor._try_read_job_log = lambda self, cluster: Schedd.states[cluster]
plugin.Executor._drain_unified_log = lambda self: None
sys.exit(main())
