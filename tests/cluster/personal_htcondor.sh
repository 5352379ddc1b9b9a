#!/usr/bin/env bash
# Runs the workflow on a real HTCondor that is made for it: a pool of this one machine, with two
# pretended GPUs, in a folder of its own (Debian 13 with the package minihtcondor, 700 MB).
#
#   sudo tests/cluster/personal_htcondor.sh FOLDER [PYTHON]
#
# It needs root, debootstrap, git and a Python that has Cascade with its extra `htcondor` (by
# default the one in .venv). MIRROR=... names another Debian mirror. What it does:
#   1. the workflow of tests/workflow/blobs.yaml through profiles/htcondor, with small jobs in groups
#   2. a training that is thrown off its machine by condor_vacate_job: it must go on from its last
#      saved state, and end at the same weights as one that was left alone
# The folder can be used again; nothing outside it changes. Remove it with rm once this has ended.
set -euo pipefail

folder=$(realpath -m "${1:?a folder for the pool}")
repository=$(cd "$(dirname "$0")/../.." && pwd)
python=${2:-$repository/.venv/bin/python}
root=$folder/debian
prefixes=$("$python" -c 'import sys; print(*{sys.prefix, sys.base_prefix})')
# PYTHONPATH and .pth files may name more folders
paths=$("$python" -c 'import site, sys; print(*[p for p in sys.path if p.endswith("site-packages")])')
user=physicist
home=$root/home/$user

say() { printf '\n==> %s\n' "$*"; }
inside() { chroot --userspec=$user:$user "$root" env -i HOME=/home/$user LANG=C.UTF-8 \
  PATH="$(dirname "$python"):/usr/bin:/bin:/usr/sbin" CONDOR_CONFIG=/home/$user/condor_config \
  PYTHONPATH=/home/$user/cascade/src:/home/$user/cascade/tests/workflow OMP_NUM_THREADS=1 \
  sh -c "cd /home/$user/cascade && $*"; }

leave() {
  [ -f "$home/condor/master.pid" ] && kill -QUIT "$(cat "$home/condor/master.pid")" 2> /dev/null
  for _ in $(seq 20); do [ -f "$home/condor/master.pid" ] && sleep 0.5; done
  for path in $prefixes $paths /proc /dev; do
    mountpoint -q "$root$path" && umount --lazy "$root$path"
  done
}
trap leave EXIT

if [ ! -x "$root/usr/sbin/condor_master" ]; then
  say "Debian 13 with HTCondor in $root (minutes, once)"
  mkdir -p "$folder"
  [ -x "$root/usr/bin/apt-get" ] ||
    debootstrap --variant=minbase trixie "$root" ${MIRROR:+"$MIRROR"} > "$folder/debootstrap.log"
  printf '#!/bin/sh\nexit 101\n' > "$root/usr/sbin/policy-rc.d" # start no daemons
  chmod +x "$root/usr/sbin/policy-rc.d"
  DEBIAN_FRONTEND=noninteractive chroot "$root" sh -c \
    "apt-get -qq update && apt-get -qq install -y --no-install-recommends minihtcondor \
     libssl3t64 libffi8 libsqlite3-0 libreadline8t64 libbz2-1.0 liblzma5 zlib1g procps git" \
    > "$folder/apt.log" 2>&1
fi
chroot "$root" id $user > /dev/null 2>&1 || chroot "$root" useradd --create-home $user

say "this repository and its Python, as they are"
for path in /proc /dev $prefixes $paths; do
  mkdir -p "$root$path"
  mountpoint -q "$root$path" || mount --bind "$path" "$root$path"
done
chmod o+x "$root/root" # a Python may lie in there
mkdir -p "$home/cascade" "$home/condor"/{log,spool,execute,lock}
(cd "$repository" && git ls-files -z --cached --others --exclude-standard |
  tar --create --null --files-from=- --ignore-failed-read 2> /dev/null) |
  tar --extract --directory "$home/cascade"

cat > "$home/condor_config" << CONFIG
RELEASE_DIR = /usr
LOCAL_DIR = /home/$user/condor
LOG = \$(LOCAL_DIR)/log
SPOOL = \$(LOCAL_DIR)/spool
EXECUTE = \$(LOCAL_DIR)/execute
LOCK = \$(LOCAL_DIR)/lock
RUN = \$(LOCAL_DIR)
BIN = /usr/bin
SBIN = /usr/sbin
LIB = /usr/lib/condor
LIBEXEC = /usr/libexec/condor
use ROLE: Personal
use FEATURE: PartitionableSlot
CONDOR_HOST = 127.0.0.1
NETWORK_INTERFACE = 127.0.0.1
BIND_ALL_INTERFACES = False
COLLECTOR_HOST = 127.0.0.1:19618
USE_SHARED_PORT = False
SEC_DEFAULT_AUTHENTICATION_METHODS = CLAIMTOBE
SEC_CLIENT_AUTHENTICATION_METHODS = CLAIMTOBE
ALLOW_READ = *
ALLOW_WRITE = *
ALLOW_DAEMON = *
ALLOW_ADMINISTRATOR = *
ALLOW_NEGOTIATOR = *
MACHINE_RESOURCE_GPUs = CUDA0, CUDA1
NUM_CPUS = 4
MEMORY = 16000
START = True
SUSPEND = False
PREEMPT = False
KILL = False
WANT_VACATE = True
NEGOTIATOR_INTERVAL = 2
NEGOTIATOR_MIN_INTERVAL = 1
NEGOTIATOR_CYCLE_DELAY = 1
SCHEDD_INTERVAL = 2
UPDATE_INTERVAL = 5
STARTER_UPDATE_INTERVAL = 5
MAX_JOB_QUEUE_LOG_ROTATIONS = 1
CONFIG
chroot "$root" chown -R $user:$user /home/$user

say "HTCondor"
inside "condor_master -pidfile /home/$user/condor/master.pid"
for _ in $(seq 60); do
  inside "condor_status -af Name TotalGPUs" 2> /dev/null | grep -q . && break
  sleep 1
done
inside "condor_version && condor_status -af Name TotalCpus TotalMemory TotalGPUs"

snakemake="snakemake --workflow-profile profiles/htcondor --seconds-between-status-checks 2"

say "1. the workflow"
inside "git config --global --add safe.directory '*'"
inside "rm -rf data results logs .snakemake"
time inside "$snakemake --configfile tests/workflow/blobs.yaml --config accelerator=auto"
inside "condor_history -af ClusterId JobBatchName RequestCpus RequestMemory RequestGPUs ExitCode -limit 10"
inside "ls results/blobs/*/metrics.json results/blobs/products"

say "2. a training thrown off its machine"
inside "cat > vacated.yaml" << CONFIG
standalone: true
seed: 3
workspace: runs/vacated
studies:
  blobs:
    reference: simulation
    samples: {simulation: {simulate: gauss, events: {train: 16000, validation: 500, test: 500}}}
    methods:
      perceptron: {training: {epochs: 6, batch_size: 16, patience: 0, save_minutes: 0.02}}
CONFIG
inside "rm -rf runs .snakemake"
inside "$snakemake --configfile vacated.yaml" > "$folder/vacated.log" 2>&1 &
running=$!
log=$home/cascade/runs/vacated/logs/blobs/perceptron/train.log
until grep -q "epoch 2/" "$log" 2> /dev/null; do
  kill -0 $running 2> /dev/null || { cat "$folder/vacated.log"; exit 1; }
  sleep 0.5
done
sleep 2
inside "condor_q -af:h ClusterId JobBatchName JobStatus RequestGPUs"
inside 'condor_vacate_job -fast $(condor_q -constraint "JobStatus == 2" -af ClusterId)'
wait $running || { cat "$folder/vacated.log"; exit 1; }
inside "condor_history -af:h JobBatchName NumJobStarts RequestGPUs ExitCode -limit 3"
cat "$log" # of the second start
grep -q "resumes" "$log"
if grep -q "epoch 1/" "$log"; then echo "the training started over"; exit 1; fi

say "the same training, left alone, on this machine"
inside "snakemake --cores 1 --configfile vacated.yaml --config workspace=runs/alone" \
  > "$folder/alone.log" 2>&1 || { cat "$folder/alone.log"; exit 1; }
inside "python - runs/vacated runs/alone" << 'PYTHON'
import sys
import torch

one, other = (
    torch.load(f"{run}/results/blobs/perceptron/model.ckpt", weights_only=True) for run in sys.argv[1:]
)
weights = [
    {name: value for name, value in model.items() if isinstance(value, dict)} for model in (one, other)
]


def same(first, second):
    if isinstance(first, torch.Tensor):
        return torch.equal(first, second)
    if isinstance(first, dict):
        return first.keys() == second.keys() and all(same(first[k], second[k]) for k in first)
    return first == second


assert same(*weights), "the weights differ"
print("the weights are the same, bit for bit")
PYTHON
say "done"
