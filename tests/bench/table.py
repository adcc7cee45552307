#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Print the ratios to the kernel's own module: table.py DIRECTORY

The exit status is 1 when a ratio is above what is asked of it, but for the rows of
which Documentation/performance.md says why.
"""
import json
import pathlib
import sys

# fabric, job, what it is, at most, peers it must stay below
ROWS = [
    ("vib", "read4k", "4K random read, depth 32", 0.70),
    ("vib", "write4k", "4K random write, depth 32", 0.70),
    ("vib", "read4k1", "4K random read, depth 1", 0.80),
    ("vib", "read1m", "1M read, depth 8", 0.68),
    ("vib", "write1m", "1M write, depth 8", 0.70),
    ("rxe", "read4k", "4K random read, depth 32", 0.90),
    ("rxe", "write4k", "4K random write, depth 32", 0.90),
]
# What the page has a reason for.
BEYOND = {("rxe", "write4k")}
EXPLAINED = "not reached, explained"
MISSED = "not reached"
FABRICS = {"vib": "virtual InfiniBand", "rxe": "soft-RoCE"}


def load(path):
    """All results below a directory, by (fabric, target)."""
    out = {}
    for file in sorted(pathlib.Path(path).glob("*/result.json")):
        result = json.loads(file.read_text(encoding="utf-8"))
        out[result["fabric"], result["target"]] = result
    return out


def rows(results):
    """Table rows of what was measured: (text, ours, stock, nvmet or None, ratio, limit, verdict)."""
    out = []
    for fabric, name, text, limit in ROWS:
        cost = {}
        for target in ("ours", "stock", "nvmet"):
            job = results.get((fabric, target), {}).get("jobs", {}).get(name)
            cost[target] = job and (job["instructions"], job["context_switches"])
        if not cost["ours"] or not cost["stock"]:
            continue
        ratio = cost["ours"][0] / cost["stock"][0]
        reached = ratio <= limit and (not cost["nvmet"] or cost["ours"][0] < cost["nvmet"][0])
        verdict = "reached" if reached else EXPLAINED if (fabric, name) in BEYOND else MISSED
        out.append((f"{text}, {FABRICS[fabric]}", cost["ours"], cost["stock"], cost["nvmet"], ratio, limit, verdict))
    return out


def markdown(table):
    """The table as lines of Markdown: instructions, context switches in brackets."""
    def cell(cost):
        return f"{cost[0] / 1000:,.1f} k ({cost[1]:.2f})" if cost else "–"
    yield "| work | ours | in-tree ib_srpt | nvmet-rdma | ratio | at most | |"
    yield "|---|---|---|---|---|---|---|"
    for text, ours, stock, nvmet, ratio, limit, verdict in table:
        yield (f"| {text} | {cell(ours)} | {cell(stock)} | {cell(nvmet)} | {ratio:.3f} | {limit:.2f} | "
               f"{verdict} |")


def main():
    table = rows(load(sys.argv[1]))
    if not table:
        sys.exit(f"{sys.argv[1]}: no results of both targets")
    print("Instructions per I/O (context switches)")
    print("\n".join(markdown(table)))
    sys.exit(1 if MISSED in [row[-1] for row in table] else 0)


if __name__ == "__main__":
    main()
