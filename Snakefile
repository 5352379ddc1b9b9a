"""The workflow: samples → fits → applications → products, for every study of the config."""

import gc

from snakemake.logging import logger
from snakemake.utils import min_version

from cascade.config import read_yaml
from cascade.errors import CascadeError
from cascade.graph import build

min_version("9.0")


# an overlay (--configfile) is laid over the default config, unless it stands alone
if not config.get("standalone"):

    configfile: "config/config.yaml"


try:
    for path in workflow.configfiles:
        read_yaml(path)  # refuses what Snakemake lets pass: a key that stands twice
    GRAPH = build(config)
except CascadeError as error:
    raise WorkflowError(f"config: {error}") from None

# Modules and graph stay to the end: not to look through them again and again for what could be freed
# saves a fifth of the time until the first job.
gc.freeze()

if workflow.is_main_process:
    for line in GRAPH.left_out.values():
        logger.warning(line)


onstart:
    # To keep its limit of jobs per second (100), Snakemake looks at all ready jobs again a second
    # after each time it did so: with hundreds of jobs soon hundreds of times a second.
    workflow.scheduler.job_rate_limiter = None


# the first page of the report
report: "workflow/report/workflow.rst"


# what jobs run in with `--software-deployment-method apptainer`; see docs/cluster.md
container: "workflow/envs/cascade.sif"


include: "workflow/rules/nodes.smk"
include: "workflow/rules/cluster.smk"
include: "workflow/rules/requests.smk"


wildcard_constraints:
    simulated=one_of(GRAPH.samples_of("simulate")),
    ingested=one_of(GRAPH.samples_of("ingest")),
    transformed=one_of(GRAPH.samples_of("transform")),
    fitted=one_of(key for key, node in GRAPH.methods.items() if node.fitted),
    applied=one_of(GRAPH.methods),
    split=r"\w+",
    sample=r"\w+",
    explanation=r"\w+",


rule all:
    input:
        [target for study in GRAPH.config.studies for target in targets(study)],
        overviews(),
        f"{RESULTS}/overview/page.html",
    localrule: True


for study in GRAPH.config.studies:

    rule:
        name:
            study
        input:
            targets(study),
        localrule: True


include: "workflow/rules/samples.smk"
include: "workflow/rules/fits.smk"
include: "workflow/rules/apply.smk"
include: "workflow/rules/products.smk"
include: "workflow/rules/htcondor.smk"
