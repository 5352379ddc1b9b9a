# Products: a figure with its table, numbers and caption, from what the config says it shows.


rule plot:
    input:
        files=lambda w: shown(w).values(),
        code=lambda w: code_of(GRAPH.products[f"{w.study}/{w.product}"].code),
    output:
        png=report(
            f"{RESULTS}/{{study}}/products/{{product}}.png",
            caption="../report/product.rst",
            category="{study}",
            labels={"product": "{product}"},
        ),
        pdf=f"{RESULTS}/{{study}}/products/{{product}}.pdf",
        csv=f"{RESULTS}/{{study}}/products/{{product}}.csv",
        json=f"{RESULTS}/{{study}}/products/{{product}}.json",
        caption=f"{RESULTS}/{{study}}/products/{{product}}.rst",
    log:
        f"{LOGS}/{{study}}/products/{{product}}.log",
    benchmark:
        f"{TIMES}/{{study}}/products/{{product}}.tsv"
    wildcard_constraints:
        study=one_of(GRAPH.config.studies),
        product=one_of(sorted({node.name for node in GRAPH.products.values()})),
    group:
        lambda w: group_of("judge", w.study)
    conda:
        "../envs/cascade.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=15,
    params:
        kind=lambda w: GRAPH.products[f"{w.study}/{w.product}"].kind,
        files=lambda w: " ".join(
            f"--{option} {shlex.quote(f'{name}={path}')}"
            for (option, name), path in shown(w).items()
        ),
        settings=lambda w: GRAPH.products[f"{w.study}/{w.product}"].settings,
        seed=GRAPH.config.seed,
        stem=lambda w: f"{RESULTS}/{w.study}/products/{w.product}",
    shell:
        "exec cascade --log {log} plot {wildcards.study} {params.kind} {params.files}"
        " --settings {params.settings:q} --seed {params.seed} --output {params.stem:q}"


rule overview:
    input:
        judged_explanations().values(),
    output:
        png=report(
            f"{RESULTS}/overview/explanations.png",
            caption="../report/product.rst",
            category="overview",
            labels={"product": "explanations"},
        ),
        pdf=f"{RESULTS}/overview/explanations.pdf",
        csv=f"{RESULTS}/overview/explanations.csv",
        json=f"{RESULTS}/overview/explanations.json",
        caption=f"{RESULTS}/overview/explanations.rst",
    log:
        f"{LOGS}/overview/explanations.log",
    benchmark:
        f"{TIMES}/overview/explanations.tsv"
    conda:
        "../envs/cascade.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=15,
    params:
        files=" ".join(
            f"--explanation {shlex.quote(f'{key}={path}')}"
            for key, path in judged_explanations().items()
        ),
        stem=lambda w: f"{RESULTS}/overview/explanations",
    shell:
        "exec cascade --log {log} overview explanations {params.files} --output {params.stem:q}"
