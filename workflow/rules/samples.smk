# Samples: simulated in shards, ingested from a user's files, or transformed from another sample.


rule simulate:
    input:
        code=lambda w: code_of(GRAPH.samples[w.simulated].code),
    output:
        temp(f"{DATA}/{{simulated}}/shards/{{split}}-{{shard}}-of-{{shards}}.h5"),
    log:
        f"{LOGS}/{{simulated}}/simulate-{{split}}-{{shard}}-of-{{shards}}.log",
    benchmark:
        f"{TIMES}/{{simulated}}/simulate-{{split}}-{{shard}}-of-{{shards}}.tsv"
    group:
        lambda w: group_of("simulate", GRAPH.samples[w.simulated].study)
    conda:
        "../envs/cascade.yaml"
    threads: 1
    resources:
        mem_mb=SMALL,
        runtime=time_of_shard,
    params:
        study=lambda w: GRAPH.samples[w.simulated].study,
        sample=lambda w: GRAPH.samples[w.simulated].name,
        source=lambda w: GRAPH.samples[w.simulated].source,
        events=lambda w: GRAPH.samples[w.simulated].config.events[w.split],
        block=lambda w: GRAPH.samples[w.simulated].block,
        seed=lambda w: GRAPH.samples[w.simulated].seed,
        settings=lambda w: GRAPH.samples[w.simulated].settings,
    shell:
        "exec cascade --log {log:q} simulate {params.study} {params.source}"
        " --sample {params.sample} --split {wildcards.split}"
        " --shard {wildcards.shard}/{wildcards.shards}"
        " --events {params.events} --block {params.block} --seed {params.seed}"
        " --settings {params.settings:q} --output {output:q}"


rule merge:
    input:
        shards,
    output:
        f"{DATA}/{{simulated}}/{{split}}.h5",
    log:
        f"{LOGS}/{{simulated}}/merge-{{split}}.log",
    benchmark:
        f"{TIMES}/{{simulated}}/merge-{{split}}.tsv"
    group:
        lambda w: group_of("gather", GRAPH.samples[w.simulated].study)
    conda:
        "../envs/cascade.yaml"
    threads: 1
    resources:
        mem_mb=SMALL,
        runtime=10,
    params:
        study=lambda w: GRAPH.samples[w.simulated].study,
    shell:
        "exec cascade --log {log:q} merge {params.study} {input:q} --output {output:q}"


rule ingest:
    input:
        files=lambda w: GRAPH.samples[w.ingested].config.files,
        code=lambda w: code_of(GRAPH.samples[w.ingested].code),
    output:
        f"{DATA}/{{ingested}}/{{split}}.h5",
    log:
        f"{LOGS}/{{ingested}}/ingest-{{split}}.log",
    benchmark:
        f"{TIMES}/{{ingested}}/ingest-{{split}}.tsv"
    group:
        lambda w: group_of("gather", GRAPH.samples[w.ingested].study)
    conda:
        "../envs/cascade.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=120,
    params:
        study=lambda w: GRAPH.samples[w.ingested].study,
        sample=lambda w: GRAPH.samples[w.ingested].name,
        source=lambda w: GRAPH.samples[w.ingested].source,
        fractions=lambda w: GRAPH.samples[w.ingested].fractions,
        seed=lambda w: GRAPH.samples[w.ingested].seed,
        settings=lambda w: GRAPH.samples[w.ingested].settings,
    shell:
        "exec cascade --log {log:q} ingest {params.study} {params.source} {input.files:q}"
        " --sample {params.sample} --split {wildcards.split} --fractions {params.fractions:q}"
        " --seed {params.seed} --settings {params.settings:q} --output {output:q}"


rule transform:
    input:
        events=original,
        model=lambda w: model_of(transformer(w).key),
    output:
        f"{DATA}/{{transformed}}/{{split}}.h5",
    log:
        f"{LOGS}/{{transformed}}/transform-{{split}}.log",
    benchmark:
        f"{TIMES}/{{transformed}}/transform-{{split}}.tsv"
    group:
        lambda w: group_of(
            "transform",
            GRAPH.samples[w.transformed].study,
            depth_of_sample(w.transformed),
        )
    conda:
        "../envs/cascade.yaml"
    threads: 1
    resources:
        mem_mb=lambda w: memory_of_chunks(GRAPH.samples[w.transformed].study),
        runtime=time_of_transformation,
        gpu=lambda w: gpus(transformer(w).key),
    params:
        study=lambda w: GRAPH.samples[w.transformed].study,
        sample=lambda w: GRAPH.samples[w.transformed].name,
        method=lambda w: transformer(w).kind,
        settings=lambda w: transformer(w).settings,
        seed=lambda w: GRAPH.samples[w.transformed].seed,
        accelerator=GRAPH.config.accelerator,
    shell:
        "exec cascade --log {log:q} transform {params.study} {params.method} {input.events:q}"
        " --model {input.model:q} --sample {params.sample} --split {wildcards.split}"
        " --seed {params.seed} --settings {params.settings:q}"
        " --accelerator {params.accelerator} --output {output:q}"
