"""A real Slurm on this machine alone: one node, two GPUs that are none, no database.

Slurm's own programs run from a folder of the test's; only ``/etc/slurm`` lies outside of it, where
they look for their configuration on a node.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

PROGRAMS = ("munged", "mungekey", "slurmctld", "slurmd", "sbatch", "squeue", "scontrol", "sinfo")
CONFIGURATION = Path("/etc/slurm")
MARK = "# a miniature cluster for the tests of Cascade"

# processors and memory are what the workflow asks for, not what this machine has
SLURM_CONF = """{mark}
ClusterName=miniature
SlurmctldHost=localhost
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket={folder}/munge.socket,cred_expire=5
SlurmctldPort=36817
SlurmdPort=36818
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
SlurmdParameters=config_overrides
MailProg=/bin/true
MpiDefault=none
SwitchType=switch/none
ProctrackType=proctrack/pgid
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
DefMemPerCPU=200
SchedulerType=sched/backfill
SchedulerParameters=batch_sched_delay=0,sched_interval=5,bf_interval=5
ReturnToService=2
MinJobAge=86400
KillWait=30
JobRequeue=1
JobFileAppend=1
GresTypes=gpu
NodeName=localhost CPUs=4 RealMemory=64000 Gres=gpu:2 State=UNKNOWN
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""

# a GPU needs a device file of its own, any will do
GRES_CONF = """{mark}
NodeName=localhost Name=gpu File=/dev/null
NodeName=localhost Name=gpu File=/dev/zero
"""


def missing() -> str | None:
    """Return why no Slurm can be started here, if so."""
    absent = [name for name in PROGRAMS if shutil.which(name) is None]
    if absent:
        return f"no {', '.join(absent)}: install slurmctld, slurmd, slurm-client, munge"
    if os.geteuid() != 0:
        return "Slurm's daemons start jobs as root only"
    conf = CONFIGURATION / "slurm.conf"
    if conf.exists() and not conf.read_text().startswith(MARK):
        return f"{conf} belongs to another Slurm"
    return None


class Slurm:
    """The cluster's daemons, and questions to them."""

    def __init__(self, folder: Path):
        self.folder = folder

    def start(self) -> None:
        """Start the daemons and wait until the node is there."""
        folder = self.folder
        folder.chmod(0o755)  # munge wants its socket to be within everybody's reach
        for name in ("state", "spool"):
            (folder / name).mkdir()
        CONFIGURATION.mkdir(exist_ok=True)
        for name, text in (("slurm.conf", SLURM_CONF), ("gres.conf", GRES_CONF)):
            (CONFIGURATION / name).write_text(text.format(mark=MARK, folder=folder))
        run("mungekey", "--create", f"--keyfile={folder}/munge.key")
        files = [f"--{name}-file={folder}/munge.{name}" for name in ("key", "pid", "log", "seed")]
        run("munged", f"--socket={folder}/munge.socket", *files)
        run("slurmctld", "-i")
        run("slurmd", "-N", "localhost")
        wait(lambda: run("sinfo", "-h", "-o", "%T", check=False).strip() == "idle", 30, "no node")

    def clear(self) -> None:
        """End all jobs, those that are held still too."""
        run("scancel", "--user=root", "--full", "--signal=KILL", check=False)

    def stop(self) -> None:
        """End all jobs and the daemons."""
        self.clear()
        for name in ("slurmd", "slurmctld", "munge"):
            if (path := self.folder / f"{name}.pid").exists():
                pid = int(path.read_text())
                os.kill(pid, signal.SIGTERM)
                wait(lambda pid=pid: not Path(f"/proc/{pid}").exists(), 30, f"{name} stays")
        for name in ("slurm.conf", "gres.conf"):
            (CONFIGURATION / name).unlink(missing_ok=True)

    def jobs(self) -> list[dict[str, str]]:
        """Return what scontrol says about every job since the start, ended ones too."""
        lines = run("scontrol", "show", "job", "--oneliner", "--all").splitlines()
        # no value that is asked for here has a space in it
        return [dict(re.findall(r"(\S+?)=(\S*)", line)) for line in lines]

    def job(self, number: str) -> dict[str, str]:
        """Return the job of this number."""
        return next(job for job in self.jobs() if job["JobId"] == number)

    def latest(self, log: str) -> dict[str, str]:
        """Return the latest job that has this in the path of its log."""
        return max((j for j in self.jobs() if log in j["StdOut"]), key=lambda j: int(j["JobId"]))


def processes(job: str, name: str = "") -> list[int]:
    """Return the processes of a job on this machine; only those of a program, if it is named."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            belongs = f"SLURM_JOB_ID={job}".encode() in (path / "environ").read_bytes().split(b"\0")
            program = (path / "cmdline").read_bytes().split(b"\0")[:2]
        except OSError:  # it ended meanwhile
            continue
        if belongs and (not name or Path(program[-1].decode()).name == name):
            found.append(int(path.name))
    return found


def run(*words: object, check: bool = True) -> str:
    """Run one of Slurm's programs."""
    found = subprocess.run([str(word) for word in words], capture_output=True, text=True)
    if check and found.returncode:
        raise AssertionError(f"{words}: exit {found.returncode}\n{found.stderr}")
    return found.stdout


def wait(condition, seconds: float, complaint: str) -> None:
    """Wait until something is so."""
    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit, complaint
        time.sleep(0.1)
