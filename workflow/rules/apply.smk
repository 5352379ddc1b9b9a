# Apply: a method on a sample's test split, its metrics, and looks into its network.


rule predict:
    input:
        events=lambda w: events_of(f"{GRAPH.methods[w.applied].study}/{w.sample}"),
        model=lambda w: model_of(w.applied),
        code=lambda w: code_of(GRAPH.methods[w.applied].code),
    output:
        f"{RESULTS}/{{applied}}/predictions/{{sample}}.h5",
    log:
        f"{LOGS}/{{applied}}/predict-{{sample}}.log",
    benchmark:
        f"{TIMES}/{{applied}}/predict-{{sample}}.tsv"
    group:
        lambda w: group_of("judge", GRAPH.methods[w.applied].study)
    conda:
        "../envs/cascade.yaml"
    threads: 1
    resources:
        mem_mb=lambda w: memory_of_chunks(GRAPH.methods[w.applied].study),
        runtime=time_of_prediction,
        gpu=lambda w: gpus(w.applied),
    params:
        study=lambda w: GRAPH.methods[w.applied].study,
        method=lambda w: GRAPH.methods[w.applied].kind,
        name=lambda w: GRAPH.methods[w.applied].name,
        model=lambda w: [f"--model {shlex.quote(path)}" for path in model_of(w.applied)],
        settings=lambda w: GRAPH.methods[w.applied].settings,
        accelerator=GRAPH.config.accelerator,
    shell:
        "exec cascade --log {log:q} predict {params.study} {params.method} {input.events:q}"
        " {params.model} --name {params.name} --settings {params.settings:q}"
        " --accelerator {params.accelerator} --output {output:q}"


rule evaluate:
    input:
        reference_predictions,
    output:
        f"{RESULTS}/{{applied}}/metrics.json",
    log:
        f"{LOGS}/{{applied}}/evaluate.log",
    benchmark:
        f"{TIMES}/{{applied}}/evaluate.tsv"
    group:
        lambda w: group_of("judge", GRAPH.methods[w.applied].study)
    conda:
        "../envs/cascade.yaml"
    threads: 1
    resources:
        mem_mb=lambda w: memory_of_metrics(w.applied),
        runtime=5,
    params:
        study=lambda w: GRAPH.methods[w.applied].study,
        seed=GRAPH.config.seed,
    shell:
        "exec cascade --log {log:q} evaluate {params.study} {input:q}"
        " --seed {params.seed} --output {output:q}"


rule explain:
    input:
        model=lambda w: model_of(w.fitted),
        events=explained,
    output:
        f"{RESULTS}/{{fitted}}/explanations/{{explanation}}.h5",
    log:
        f"{LOGS}/{{fitted}}/explain-{{explanation}}.log",
    benchmark:
        f"{TIMES}/{{fitted}}/explain-{{explanation}}.tsv"
    group:
        lambda w: group_of("explain", GRAPH.methods[w.fitted].study)
    conda:
        "../envs/cascade.yaml"
    threads: 1  # small operations, one after the other: a second thread makes them no faster
    resources:
        mem_mb=lambda w: 2000 + CUDA * gpus(w.fitted),
        runtime=time_of_explanation,
        gpu=lambda w: gpus(w.fitted),
        turn=lambda w: gpus(w.fitted),
    params:
        study=lambda w: GRAPH.methods[w.fitted].study,
        method=lambda w: GRAPH.methods[w.fitted].kind,
        name=lambda w: GRAPH.methods[w.fitted].name,
        ways=lambda w: [f"--method {way}" for way in look(w).ways],
        events=lambda w: [f"--events {shlex.quote(path)}" for path in explained(w)],
        settings=lambda w: look(w).settings,
        accelerator=GRAPH.config.accelerator,
    shell:
        "exec cascade --log {log:q} --threads {threads} explain {params.study} {params.method}"
        " {params.ways} --model {input.model:q} {params.events} --name {params.name}"
        " --settings {params.settings:q} --accelerator {params.accelerator} --output {output:q}"
