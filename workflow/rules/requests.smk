# What jobs ask for: at most twice what was measured (benchmarks/resources.py says so), and a
# scheduler's other jobs have the rest. A job holds Cascade (or torch) and events.

import json

from cascade.study import load_study

SMALL = 800  # Python, NumPy, the Snakemake that runs in each job of a cluster [MB]
TORCH = 1200  # torch and Lightning as well [MB]
CUDA = (
    3000  # what a GPU's driver and libraries take of the main memory; not measured [MB]
)
CHUNK = 8192  # events that a prediction holds at once


def events_in(key, split):
    """Return the events of a split, or nothing of a user's files, which nobody has counted."""
    node = GRAPH.samples[key]
    if node.kind == "transform":
        return events_in(f"{node.study}/{node.config.of}", split)
    return node.config.events.get(split)


def fitted_to(key):
    """Return the events that a fit is given, of all its roles."""
    node = GRAPH.methods[key]
    found = [
        events_in(f"{node.study}/{name}", "train") for name in node.samples.values()
    ]
    return None if None in found else sum(found)


def memory_of_fit(key):
    """Return the memory [MB] of a fit: it holds its events, or streams them if there are many."""
    node, events = GRAPH.methods[key], fitted_to(key)
    most = 2 * json.loads(node.training)["memory_mb"] if node.training else 8000
    network, other = load_study(node.study).event_kb
    each = network if node.training else other
    held = most if events is None else each * events / 1000
    return round((TORCH + min(held, most) + CUDA * gpus(key)) * node.devices)


def time_of_fit(key):
    """Return the time [min] of a fit; a training that takes longer is done in several pieces."""
    node, events = GRAPH.methods[key], fitted_to(key)
    if not node.training:
        return 30
    epochs = json.loads(node.training)["epochs"]
    return 240 if events is None else min(240, 30 + round(events * epochs / 2000))


def memory_of_chunks(study):
    """Return the memory [MB] of a job that goes through events chunk by chunk."""
    return round(TORCH + max(load_study(study).event_kb) * CHUNK / 1000)


def memory_of_metrics(key):
    """Return the memory [MB] that a method's metrics take, which are drawn again and again."""
    study = GRAPH.methods[key].study
    sample = f"{study}/{GRAPH.reference(study)}"
    return SMALL + (events_in(sample, GRAPH.shown(sample)) or 200000) // 400


def time_of_shard(wildcards):
    """Return the time [min] of a shard, by the blocks that it draws."""
    node = GRAPH.samples[wildcards.simulated]
    events = node.config.events[wildcards.split] / int(wildcards.shards)
    return 10 + round(0.4 * events / node.block)
