# Where the files of a node lie, and which source files a node depends on.

import glob
import importlib.util
import os
import re
import shlex

ROOT = os.path.normpath(GRAPH.config.workspace)
DATA = os.path.normpath(f"{ROOT}/data")
RESULTS = os.path.normpath(f"{ROOT}/results")
LOGS = os.path.normpath(f"{ROOT}/logs")
TIMES = f"{LOGS}/times"


def one_of(keys):
    """Return a pattern that only these keys match."""
    return "|".join(map(re.escape, keys)) or "(?!)"


def events_of(key, split=None):
    """Return the file of a sample's split: by default the one that is shown, not trained on."""
    return f"{DATA}/{key}/{split or GRAPH.shown(key)}.h5"


def model_of(key):
    """Return the model file of a method, or none for a formula."""
    return [f"{RESULTS}/{key}/model.ckpt"] if GRAPH.methods[key].fitted else []


def predictions_of(study, method, sample):
    return f"{RESULTS}/{study}/{method}/predictions/{sample}.h5"


def code_of(module):
    """Return the source file of a module.

    A node reruns when the module changes in which its own function stands: the source of a sample,
    the network or the fit of a method, the function of a product. Changes elsewhere (layers, the
    training loop, this workflow) rerun nothing by themselves: use `snakemake --forcerun RULE`.
    """
    return os.path.relpath(importlib.util.find_spec(module).origin)


def targets(study):
    """Return what a study ends in: metrics of its methods, and its products."""
    metrics = [f"{RESULTS}/{key}/metrics.json" for key in GRAPH.judged]
    products = [
        f"{RESULTS}/{node.study}/products/{node.name}.png"
        for node in GRAPH.products.values()
    ]
    return [
        path for path in metrics + products if path.startswith(f"{RESULTS}/{study}/")
    ]


def gpus(key):
    """Return the GPUs that a job of a method asks for.

    On a cluster the tag is always requested; on one machine only if it has a GPU, so that training
    on processors is not serialised by it.
    """
    wanted = GRAPH.methods[key].device == "gpu" and GRAPH.config.accelerator != "cpu"
    local = workflow.local_exec or workflow.dryrun
    here = GRAPH.config.accelerator == "cuda" or bool(glob.glob("/dev/nvidia[0-9]*"))
    return int(wanted and (not local or here))
