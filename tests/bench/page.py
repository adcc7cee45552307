#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Put measurements into Documentation/performance.md: page.py DIRECTORY

Replaces what is between the page's marks "<!-- NAME -->" and "<!-- end -->", and draws
Documentation/pictures/cost-*.svg. Only what was measured is shown.
"""
import importlib.machinery
import importlib.util
import pathlib
import re
import sys

sys.dont_write_bytecode = True
import purpose  # noqa: E402  (beside this file)
import table  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
NAMES = {"ours": "ours", "stock": "in-tree ib_srpt", "nvmet": "nvmet-rdma"}


def plots():
    """The drawing functions of scripts/srpt-bench."""
    loader = importlib.machinery.SourceFileLoader("srpt_bench", str(ROOT / "scripts/srpt-bench"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("srpt_bench", loader))
    loader.exec_module(module)
    return module


def shares_table(head, shares, shown=0):
    """Instructions of one job, {target: {part: instructions}}: the parts that cost some target at least @shown."""
    parts = dict.fromkeys(part for share in shares.values() for part, n in share.items() if n >= shown)
    yield f"| {head} | " + " | ".join(NAMES[t] for t in shares) + " |"
    yield "|---|" + "---:|" * len(shares)
    for part in parts:
        yield f"| {part} | " + " | ".join(f"{share.get(part, 0):,.0f}" for share in shares.values()) + " |"


def ran(results, fabric, name):
    """The job of each target that ran it."""
    return {t: results[fabric, t]["jobs"][name] for t in NAMES if name in results.get((fabric, t), {}).get("jobs", {})}


def modules_table(jobs):
    """Instructions by module."""
    return shares_table("module", {t: {f"`{module}`": n for module, n in job["modules"].items()} for t, job in jobs.items()}, 50)


def purposes_table(jobs):
    """Instructions by what they are for."""
    return shares_table("what for", {t: dict(sorted(purpose.purposes(job).items(), key=lambda item: -item[1]))
                                     for t, job in jobs.items()})


def functions_table(results, fabric, name, count):
    """The dearest functions of one job with our target."""
    yield "| function | instructions | calls |"
    yield "|---|---|---|"
    for f in results[fabric, "ours"]["jobs"][name]["functions"][:count]:
        yield f"| `{f['function']}` ({f['module']}) | {f['instructions']:,.0f} | {f['calls']:.2f} |"


def draw(results):
    """A bar chart for small and one for large I/O."""
    bench = plots()
    (ROOT / "Documentation/pictures").mkdir(exist_ok=True)
    for picture, title, names in (("cost-4k", "Instructions per 4K I/O", ("read4k", "write4k", "read4k1")),
                                  ("cost-1m", "Instructions per 1M I/O", ("read1m", "write1m"))):
        groups, series = [], {text: [] for text in NAMES.values()}
        for fabric, name, _, _ in table.ROWS:
            if name not in names or name not in results.get((fabric, "ours"), {}).get("jobs", {}):
                continue
            groups.append(f"{name}, {fabric}")
            for target, text in NAMES.items():
                job = results.get((fabric, target), {}).get("jobs", {}).get(name)
                series[text].append(job and job["instructions"])
        series = {text: values for text, values in series.items() if any(values)}
        if groups:
            bench.bars(ROOT / f"Documentation/pictures/{picture}.svg", title, "instructions", groups, series)


def fill(blocks):
    """Replace what is between the marks of each block."""
    path = ROOT / "Documentation/performance.md"
    text = path.read_text(encoding="utf-8")
    for name, block in blocks.items():
        text = re.sub(rf"(<!-- {name} -->\n).*?(<!-- end -->)", lambda m, b=block: m[1] + b + "\n" + m[2], text, flags=re.S)
    path.write_text(text, encoding="utf-8")


def main():
    results = table.load(sys.argv[1])
    blocks = {"ratios": "\n".join(table.markdown(table.rows(results)))}
    for fabric, suffix, functions in (("vib", "", 25), ("rxe", " rxe", 60)):
        for name in ("read4k", "write4k"):
            if (fabric, "ours") in results:
                jobs = ran(results, fabric, name)
                blocks[f"modules {name}{suffix}"] = "\n".join(modules_table(jobs))
                # Named for soft-RoCE.
                if fabric == "rxe":
                    blocks[f"purposes {name}{suffix}"] = "\n".join(purposes_table(jobs))
                blocks[f"functions {name}{suffix}"] = "\n".join(functions_table(results, fabric, name, functions))
    fill(blocks)
    draw(results)


if __name__ == "__main__":
    main()
