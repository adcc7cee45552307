#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""What it costs when there are more of something.

  scale.py measured DIRECTORY TARGET   make scale.json of a measurement
  scale.py page DIRECTORY              put all below DIRECTORY into Documentation/performance.md
"""
import json
import pathlib
import sys

sys.dont_write_bytecode = True
import page  # noqa: E402  (beside this file)
import profile  # noqa: E402

NAMES = {"ours": "ours", "stock": "in-tree ib_srpt"}
TEXTS = {"login": "a login", "command": "a 4K read", "acl": "making an ACL", "scan": "a login and the scan of all LUNs"}


def measured(out, target):
    """Instructions by axis, number and what was done."""
    share = out / "share"
    symbols = profile.Symbols(share / "kallsyms")
    points = [line.split() for line in (share / "points").read_text(encoding="ascii").splitlines()]
    found = profile.phases(out / "profile")
    if len(points) != len(found):
        raise SystemExit(f"{len(points)} points, but {len(found)} measurements")
    result = {"target": target, "axis": points[0][0], "points": [], "memory": {}}
    for (_, number, what, ios), blocks in zip(points, found):
        sums = profile.measure(blocks, symbols, int(ios))
        result["points"].append({"n": int(number), "what": what, "instructions": sums["instructions"],
                                 "modules": sums["modules"]})
    if (share / "memory").exists():
        for line in (share / "memory").read_text(encoding="ascii").splitlines():
            _, number, kib = line.split()
            result["memory"][number] = int(kib)
    (out / "scale.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    for point in result["points"]:
        print(f"{result['axis']} {point['n']:6} {point['what']:8} {point['instructions']:14.0f} instructions")
    for number, kib in result["memory"].items():
        print(f"{result['axis']} {number:>6} {kib} KiB a session")


def series(results, axis, what):
    """{target: {n: instructions}}"""
    out = {}
    for result in results:
        if result["axis"] == axis:
            values = {p["n"]: p["instructions"] for p in result["points"] if p["what"] == what}
            if values:
                out[result["target"]] = values
    return out


def to_page(path):
    results = [json.loads(file.read_text(encoding="utf-8")) for file in sorted(path.glob("*/scale.json"))]
    bench, lines = page.plots(), []
    for axis in ("sessions", "acls", "luns"):
        for what, text in TEXTS.items():
            found = series(results, axis, what)
            if not found:
                continue
            numbers = sorted({n for values in found.values() for n in values})
            lines += [f"| {axis}, {text} | " + " | ".join(f"{n:,}" for n in numbers) + " |",
                      "|---|" + "---:|" * len(numbers)]
            for target, values in found.items():
                lines.append(f"| {NAMES[target]} | " + " | ".join(
                    f"{values[n] / 1000:,.1f} k" if n in values else "–" for n in numbers) + " |")
            lines.append("")
            bench.lines(page.ROOT / f"Documentation/pictures/scale-{axis}-{what}.svg", f"{text}, by {axis}", "instructions",
                        [f"{n:,}" for n in numbers],
                        {NAMES[t]: [values.get(n) for n in numbers] for t, values in found.items()})
    for result in results:
        if result["memory"]:
            lines.append(f"Memory of a session at both ends, {NAMES[result['target']]}: "
                         + ", ".join(f"{kib} KiB with {number}" for number, kib in result["memory"].items()) + ".")
            lines.append("")
    page.fill({"scale": "\n".join(lines).rstrip()})


if __name__ == "__main__":
    if sys.argv[1] == "measured":
        measured(pathlib.Path(sys.argv[2]), sys.argv[3])
    else:
        to_page(pathlib.Path(sys.argv[2]))
