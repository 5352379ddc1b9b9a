# Products: a figure with its table, numbers and caption, from what the config says it shows.


rule plot:
    input:
        files=lambda w: shown(w).values(),
        code=lambda w: code_of(GRAPH.products[f"{w.study}/{w.product}"].code),
    output:
        png=report(
            f"{RESULTS}/{{study}}/products/{{product}}.png",
            caption="../report/product.rst",
            category=lambda w: chapter(w.study),
            labels=lambda w: {"figure": numbered(products_of(w.study), w.product)},
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
        "exec cascade --log {log:q} plot {wildcards.study} {params.kind} {params.files}"
        " --settings {params.settings:q} --seed {params.seed} --output {params.stem:q}"


rule overview:
    input:
        lambda w: surveyed(w.overview).values(),
    output:
        png=report(
            f"{RESULTS}/overview/{{overview}}.png",
            caption="../report/product.rst",
            category=chapter("overview"),
            labels=lambda w: {"figure": numbered(SURVEYED, w.overview)},
        ),
        pdf=f"{RESULTS}/overview/{{overview}}.pdf",
        csv=f"{RESULTS}/overview/{{overview}}.csv",
        json=f"{RESULTS}/overview/{{overview}}.json",
        caption=f"{RESULTS}/overview/{{overview}}.rst",
    log:
        f"{LOGS}/overview/{{overview}}.log",
    benchmark:
        f"{TIMES}/overview/{{overview}}.tsv"
    wildcard_constraints:
        overview="metrics|explanations",
    localrule: True
    conda:
        "../envs/cascade.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=15,
    params:
        files=lambda w: " ".join(
            f"--{SURVEYED[w.overview]} {shlex.quote(f'{key}={path}')}"
            for key, path in surveyed(w.overview).items()
        ),
        stem=lambda w: f"{RESULTS}/overview/{w.overview}",
    shell:
        "exec cascade --log {log:q} overview {wildcards.overview} {params.files}"
        " --output {params.stem:q}"


rule page:
    input:
        products=[
            path.replace(".png", ".json")
            for path in (*figures(), *overviews("explanations"))
        ],
        metrics=surveyed("metrics").values(),
        configs=CONFIGS,
    output:
        # not in the report, which would show it as an address, too long for browsers
        f"{RESULTS}/overview/page.html",
    log:
        f"{LOGS}/overview/page.log",
    benchmark:
        f"{TIMES}/overview/page.tsv"
    localrule: True
    conda:
        "../envs/cascade.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=15,
    params:
        metrics=" ".join(
            f"--metrics {shlex.quote(f'{key}={path}')}"
            for key, path in surveyed("metrics").items()
        ),
        configs=" ".join(f"--config {shlex.quote(path)}" for path in CONFIGS),
        times=TIMES,
    shell:
        "exec cascade --log {log:q} page {input.products:q} {params.metrics}"
        " --times {params.times:q} {params.configs} --output {output:q}"
