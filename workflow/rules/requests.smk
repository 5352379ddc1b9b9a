# What jobs ask for: at most twice what was measured (benchmarks/resources.py says so), and a
# scheduler's other jobs have the rest. A job holds Cascade (or torch) and events.

import json

from cascade.declarations import load_study

SMALL = 800  # Python, NumPy, the Snakemake that runs in each job of a cluster [MB]
TORCH = 1200  # torch as well [MB]
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


def pace(node):
    """Return what a method takes of one core for an event of an epoch or a prediction [ms]."""
    network, other = load_study(node.study).event_ms
    return getattr(node.declared, "event_ms", None) or (
        network if node.training else other
    )


def minutes(ms, least):
    """Return the time [min] to ask for, most of twice of what is expected."""
    return least + round(1.8 * ms / 60000)


def seconds_of_training(key):
    """Return how long a network's training takes on one core, if it is known how many events."""
    node, events = GRAPH.methods[key], fitted_to(key)
    if events is None:
        return None
    return events * json.loads(node.training)["epochs"] * pace(node) / 1000


def time_of_fit(key):
    """Return the time [min] of a fit; a training that takes longer is done in several pieces."""
    if not GRAPH.methods[key].training:
        return 30
    seconds = seconds_of_training(key)
    if seconds is None:
        return 240
    # a user's network may be slower than any that was measured; a short one adds to its group's
    return min(240, minutes(1000 * seconds, least=10 if seconds <= SHORT else 60))


def time_of_prediction(wildcards):
    """Return the time [min] of a prediction."""
    node = GRAPH.methods[wildcards.applied]
    sample = f"{node.study}/{wildcards.sample}"
    events = events_in(sample, GRAPH.shown(sample)) or 200000
    return minutes(events * pace(node), least=5)


def time_of_transformation(wildcards):
    """Return the time [min] of a transformation."""
    events = events_in(wildcards.transformed, wildcards.split) or 200000
    return minutes(events * pace(transformer(wildcards)), least=5)


def time_of_explanation(wildcards):
    """Return the time [min] of an explanation: a way costs about what ten epochs cost."""
    node = look(wildcards)
    events = json.loads(node.settings)["events"]
    passes = 10 * events * len(node.ways)
    return minutes(passes * pace(GRAPH.methods[wildcards.fitted]), least=10)


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
