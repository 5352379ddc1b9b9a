# What matters on a cluster only: jobs that go to its queue as one, and the time that a job has.

from cascade.study import Network

SHORT = 90  # trainings up to this share a job, and its GPU one after the other [s]


def group_of(kind, study, depth=0):
    """Return the group of a job if a profile's `group-components` name its kind.

    Jobs of one kind, study and depth wait for each other only within their group.
    """
    if kind not in workflow.group_settings.group_components:
        return None
    name = f"{kind}-{study}-{depth}"
    workflow.parent_groupids[name] = kind
    return name


def group_of_fit(key):
    """Return the group of a fit: most networks are trained for long, anything else takes seconds."""
    node = GRAPH.methods[key]
    kind = "fit"
    if isinstance(node.declared, Network):
        seconds = seconds_of_training(key)
        kind = "train" if seconds is None or seconds > SHORT else "short"
    return group_of(kind, node.study, depth_of_fit(key))


def depth_of_sample(key):
    """Return how many transformations a sample is away from simulation or measurement."""
    node = GRAPH.samples[key]
    if node.kind != "transform":
        return 0
    fitted = depth_of_fit(f"{node.study}/{node.source}")
    return 1 + max(fitted, depth_of_sample(f"{node.study}/{node.config.of}"))


def depth_of_fit(key):
    """Return the depth of the samples that a method is fitted to."""
    node = GRAPH.methods[key]
    return max(
        depth_of_sample(f"{node.study}/{name}") for name in node.samples.values()
    )


def time_budget(wildcards, resources):
    """Return the option that tells a training its time, where a scheduler ends the job.

    What is left of the runtime, a tenth or ten minutes, is for starting and for the last save.
    """
    minutes = resources.runtime - min(10, resources.runtime / 10)
    return f"--minutes {minutes:g}" if workflow.remote_exec else ""
