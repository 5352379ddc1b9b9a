"""The workflow under the Slurm profile of the project, with what a miniature cluster needs."""

from __future__ import annotations

import yaml

from programs import CommandLine

PROFILE = "profiles/miniature"


def write_profile(run: CommandLine, **resources: dict[str, object]) -> None:
    """Write the project's profile anew: for this cluster, and asking often how jobs are.

    Parameters
    ----------
    resources
        Other resources by rule; None takes one away.
    """
    profile = yaml.safe_load((run.folder / "profiles/slurm/profile.yaml").read_text())
    profile |= {
        "cores": 4,
        "jobs": 8,
        "latency-wait": 5,
        "slurm-status-command": "squeue",
        "slurm-init-seconds-before-status-checks": 1,
    }
    profile["resources"]["gpu"] = 2
    profile["group-components"]["short"] = 2  # of few trainings, still several jobs
    for rule, wanted in resources.items():
        given = profile["set-resources"].get(rule, {}) | wanted
        profile["set-resources"][rule] = {name: x for name, x in given.items() if x is not None}
    (run.folder / PROFILE).mkdir(exist_ok=True)
    (run.folder / PROFILE / "profile.yaml").write_text(yaml.safe_dump(profile))
