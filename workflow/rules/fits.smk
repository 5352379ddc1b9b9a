# Fits: a method trained on its samples. The state to resume from lies outside the declared outputs,
# which Snakemake deletes when a job fails.


rule train:
    input:
        train=lambda w: splits(w, "train").values(),
        validation=lambda w: splits(w, "validation").values(),
        code=lambda w: code_of(GRAPH.methods[w.fitted].code),
    output:
        model=f"{RESULTS}/{{fitted}}/model.ckpt",
        history=f"{RESULTS}/{{fitted}}/history.csv",
    log:
        f"{LOGS}/{{fitted}}/train.log",
    benchmark:
        f"{TIMES}/{{fitted}}/train.tsv"
    group:
        lambda w: group_of_fit(w.fitted)
    conda:
        "../envs/cascade.yaml"
    # of all processes that train together; the command line takes those of one
    threads:
        lambda w: GRAPH.methods[w.fitted].threads(GRAPH.config.threads)
        * GRAPH.methods[w.fitted].devices
    resources:
        mem_mb=lambda w: memory_of_fit(w.fitted),
        runtime=lambda w: time_of_fit(w.fitted),
        gpu=lambda w: gpus(w.fitted) * GRAPH.methods[w.fitted].devices,
        turn=lambda w: gpus(w.fitted),
    params:
        study=lambda w: GRAPH.methods[w.fitted].study,
        method=lambda w: GRAPH.methods[w.fitted].kind,
        name=lambda w: GRAPH.methods[w.fitted].name,
        roles=roles,
        settings=lambda w: GRAPH.methods[w.fitted].settings,
        training=lambda w: GRAPH.methods[w.fitted].training or "{}",
        seed=lambda w: GRAPH.methods[w.fitted].seed,
        threads=lambda w: GRAPH.methods[w.fitted].threads(GRAPH.config.threads),
        accelerator=GRAPH.config.accelerator,
        resume=f"{RESULTS}/.resume",
        budget=time_budget,
    shell:
        "exec cascade --log {log:q} --threads {params.threads} train {params.study} {params.method}"
        " --name {params.name} {params.roles} --settings {params.settings:q}"
        " --training {params.training:q} --seed {params.seed}"
        " --accelerator {params.accelerator} --resume {params.resume:q} {params.budget}"
        " --output {output.model:q} --history {output.history:q}"
