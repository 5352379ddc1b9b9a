# HTCondor's executor knows memory and GPUs by names of its own: what the rules ask for, said again.

from snakemake.resources import Resource


def said_again(asked, name):
    """Return the same request under another name, which other executors do not see."""

    def value(wildcards, input, attempt, threads, rulename, async_run):
        executor = workflow.executor_plugin
        if executor is None or executor.name != "htcondor":
            return None
        given = dict(
            attempt=attempt, threads=threads, rulename=rulename, async_run=async_run
        )
        return asked.evaluate(wildcards, input=input, **given).value or None

    return Resource(name, value)


for declared in workflow.rules:
    for ours, theirs in {
        "mem_mb": "htcondor_request_mem_mb",
        "gpu": "request_gpus",
    }.items():
        if ours in declared.resources and declared.benchmark:
            declared.resources[theirs] = said_again(declared.resources[ours], theirs)
