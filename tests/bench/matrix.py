#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Put the whole comparison into Documentation/performance.md: matrix.py DIRECTORY

DIRECTORY is what tests/bench/matrix has filled. The figures themselves go to
Documentation/performance.json, plots to Documentation/pictures. What was not measured
stays there as it was.
"""
import json
import pathlib
import statistics
import sys

sys.dont_write_bytecode = True
import page  # noqa: E402  (beside this file)
import table  # noqa: E402

TARGETS = {"ours": "ours", "stock": "in-tree ib_srpt", "isert": "ib_isert", "nvmet": "nvmet-rdma"}
SIZES = ("512", "4k", "64k", "1m")
WAYS = ("read", "write", "mixed")
DEPTHS = ("1", "32", "128")
VARIATIONS = {"srq": "shared receive queue", "noimm": "no immediate data", "noinit": "`init_on_alloc=0`",
              "channels1": "four processors, one channel", "channels4": "four processors, four channels"}
WORK = {"read4k": "4K random read, depth 32", "write4k": "4K random write, depth 32", "read4k1": "4K random read, depth 1",
        "read1m": "1M read, depth 8", "write1m": "1M write, depth 8"}


def load(path):
    """{directory name: result}"""
    return {file.parent.name: json.loads(file.read_text(encoding="utf-8"))
            for file in sorted(pathlib.Path(path).glob("*/result.json"))}


def cost(results, name, job, figure="instructions"):
    """One figure of a job, or None."""
    return results.get(name, {}).get("jobs", {}).get(job, {}).get(figure)


def thousands(number):
    return "–" if number is None else f"{number / 1000:,.1f} k"


def ratio(ours, other):
    return f"{ours / other:.2f}" if ours and other else "–"


def sweep(results, fabric):
    """Every block size, depth and kind of work on one fabric."""
    targets = [t for t in TARGETS if f"{fabric}-{t}" in results]
    yield "| work | " + " | ".join(TARGETS[t] for t in targets) + " | to in-tree | switches, ours | in-tree |"
    yield "|---|" + "---:|" * (len(targets) + 3)
    for size in SIZES:
        for way in WAYS:
            for depth in DEPTHS:
                job = f"{size}-{way}-{depth}"
                costs = {t: cost(results, f"{fabric}-{t}", job) for t in targets}
                switches = [cost(results, f"{fabric}-{t}", job, "context_switches") for t in ("ours", "stock")]
                yield (f"| {size} {way}, depth {depth} | " + " | ".join(thousands(costs[t]) for t in targets)
                       + f" | {ratio(costs.get('ours'), costs.get('stock'))} | "
                       + " | ".join("–" if s is None else f"{s:.2f}" for s in switches) + " |")


def variations(results):
    """One setting changed at a time, on virtual InfiniBand."""
    yield "| setting | " + " | ".join(f"{text}: ours / in-tree, ratio" for text in WORK.values()) + " |"
    yield "|---|" + "---:|" * len(WORK)
    for name, text in VARIATIONS.items():
        cells = []
        for job in WORK:
            pair = [cost(results, f"vib-{target}-{name}", job) for target in ("ours", "stock")]
            cells.append(f"{thousands(pair[0])} / {thousands(pair[1])}, {ratio(*pair)}")
        yield f"| {text} | " + " | ".join(cells) + " |"


def floor(results):
    """What no target could save on soft-RoCE: LIO answers without a back end, and the target's own modules are taken off."""
    yield "| work | LIO answers at once | of that `ib_srpt` | LIO | left | in-tree, whole | left / in-tree | nvmet-rdma, whole |"
    yield "|---|" + "---:|" * 7
    for job, other in (("read4k", "4k-read-32"), ("write4k", "4k-write-32")):
        whole = cost(results, "rxe-ours-nullio", job)
        modules = cost(results, "rxe-ours-nullio", job, "modules") or {}
        target, lio = modules.get("ib_srpt", 0), modules.get("target_core_mod", 0)
        left = whole and whole - target - lio
        in_tree, nvmet = (cost(results, f"rxe-{peer}", other) for peer in ("stock", "nvmet"))
        yield (f"| {WORK[job]} | {thousands(whole)} | {thousands(target)} | {thousands(lio)} | {thousands(left)} "
               f"| {thousands(in_tree)} | {ratio(left, in_tree)} | {thousands(nvmet)} |")


def timed(results, fabric, target, job):
    """Rounds of one job by the clock: [(IOPS, bytes per second, percentiles in us)], in one order for all targets."""
    out = []
    for name, result in results.items():
        if name.startswith("clock-") and name.endswith(f"-{fabric}-{target}"):
            (figures,) = result["jobs"][job]["fio"].values()
            out.append((figures["iops"], figures["bytes_per_s"], figures["percentiles_us"]))
    return out


def middle_ratio(ours, other):
    """The median of the ratios of rounds: the two of a round had the host at the same speed."""
    return statistics.median(a / b for a, b in zip(ours, other, strict=True))


def clock(results):
    """Medians of the rounds, and how far the rounds are apart."""
    yield ("| work | IOPS, ours | in-tree | ratio | spread | MB/s, ours | in-tree | p50 µs, ours | in-tree "
           "| p99 µs, ours | in-tree | ratio |")
    yield "|---|" + "---:|" * 11
    for fabric, fabric_name in table.FABRICS.items():
        for job, text in WORK.items():
            rounds = {t: timed(results, fabric, t, job) for t in ("ours", "stock")}
            if not all(rounds.values()):
                continue
            iops, p99, mb, p50 = {}, {}, {}, {}
            for t, found in rounds.items():
                iops[t] = [r[0] for r in found]
                p99[t] = [r[2]["99.000000"] for r in found]
                mb[t] = statistics.median(r[1] for r in found) / 1e6
                p50[t] = statistics.median(r[2]["50.000000"] for r in found)
            spread = max((max(all_iops) - min(all_iops)) / statistics.median(all_iops) for all_iops in iops.values())
            median = {t: (statistics.median(iops[t]), statistics.median(p99[t])) for t in rounds}
            yield (f"| {text}, {fabric_name} | {median['ours'][0]:,.0f} | {median['stock'][0]:,.0f} "
                   f"| {middle_ratio(iops['ours'], iops['stock']):.2f} "
                   f"| {spread:.0%} | {mb['ours']:,.0f} | {mb['stock']:,.0f} | {p50['ours']:,.0f} | {p50['stock']:,.0f} "
                   f"| {median['ours'][1]:,.0f} | {median['stock'][1]:,.0f} | {middle_ratio(p99['ours'], p99['stock']):.2f} |")


def draw(results):
    """Cost by block size and by depth, a line for each target."""
    bench = page.plots()
    for fabric, name in table.FABRICS.items():
        targets = [t for t in TARGETS if f"{fabric}-{t}" in results]
        if not targets:
            continue
        for way in ("read", "write"):
            bench.lines(page.ROOT / f"Documentation/pictures/cost-depth-{way}-{fabric}.svg",
                        f"4K random {way}, {name}", "instructions per I/O", [f"depth {d}" for d in DEPTHS],
                        {TARGETS[t]: [cost(results, f"{fabric}-{t}", f"4k-{way}-{d}") for d in DEPTHS] for t in targets})
            bench.lines(page.ROOT / f"Documentation/pictures/cost-size-{way}-{fabric}.svg",
                        f"Random {way}, depth 32, {name}", "instructions per KiB", SIZES,
                        {TARGETS[t]: [per_kib(results, f"{fabric}-{t}", s, way) for s in SIZES] for t in targets})


def per_kib(results, name, size, way):
    kib = {"512": 0.5, "4k": 4, "64k": 64, "1m": 1024}[size]
    found = cost(results, name, f"{size}-{way}-32")
    return found and found / kib


def slim(result):
    """Without the functions, which are most of a result, and with as many digits as say something."""
    out = {key: value for key, value in result.items() if key != "jobs"}
    out["jobs"] = {}
    for name, job in result["jobs"].items():
        job = {key: value for key, value in job.items() if key not in ("functions", "options", "fio")}
        if "instructions" in job:
            job["instructions"] = round(job["instructions"])
            job["context_switches"] = round(job["context_switches"], 2)
            job["modules"] = {module: round(n) for module, n in job["modules"].items() if n >= 50}
        else:
            job["fio"] = result["jobs"][name]["fio"]
        out["jobs"][name] = job
    return out


def main():
    results = load(sys.argv[1])
    blocks = {f"sweep {fabric}": sweep(results, fabric) for fabric in table.FABRICS if f"{fabric}-ours" in results}
    for name, lines, of_it in (("variations", variations, "vib-ours-"), ("floor", floor, "rxe-ours-nullio"),
                               ("clock", clock, "clock-")):
        if any(run.startswith(of_it) for run in results):
            blocks[name] = lines(results)
    page.fill({name: "\n".join(lines) for name, lines in blocks.items()})
    draw(results)
    figures = page.ROOT / "Documentation/performance.json"
    known = json.loads(figures.read_text(encoding="utf-8")) if figures.exists() else {}
    # Rounds of another day are not continued.
    if "clock" in blocks:
        known = {name: result for name, result in known.items() if not name.startswith("clock-")}
    known |= {name: slim(result) for name, result in results.items()}
    figures.write_text(json.dumps(dict(sorted(known.items())), indent=0, separators=(",", ":")) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
