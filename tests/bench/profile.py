#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Make result.json of a measurement: profile.py DIRECTORY [NAME=VALUE...]

The directory holds what tests/bench/run left: the counter's profile (none if it
was the time that was measured), and in share/ the guest's symbols, its jobs and
fio's results.
"""
import bisect
import collections
import json
import pathlib
import sys

KERNEL = 1 << 47


class Symbols:
    """Addresses to (module, function), from /proc/kallsyms."""

    def __init__(self, path):
        found = {}
        for line in path.read_text(encoding="ascii", errors="replace").splitlines():
            words = line.split()
            addr = int(words[0], 16)
            if words[1] not in "tTwW" or addr < KERNEL:
                continue
            module = words[3].strip("[]") if len(words) > 3 else "kernel"
            found.setdefault(addr, (module, words[2]))
        self.addrs = sorted(found)
        self.names = [found[a] for a in self.addrs]

    def at(self, addr):
        """Module and function of an address, and whether it is its entry."""
        if addr < KERNEL:
            return "user", "user", False
        i = bisect.bisect_right(self.addrs, addr) - 1
        if i < 0:
            return "kernel", "?", False
        return *self.names[i], self.addrs[i] == addr


def phases(path):
    """The profile's measurements, each a list of (address, insns, times)."""
    out = []
    for line in path.open(encoding="ascii"):
        words = line.split()
        if words[0] == "phase":
            out.append([])
        else:
            out[-1].append((int(words[0], 16), int(words[1]), int(words[2])))
    return out


def fio_figures(path):
    """What fio says of its one job."""
    job = json.loads(path.read_text(encoding="utf-8"))["jobs"][0]
    out = {}
    for way in ("read", "write"):
        if job[way]["total_ios"]:
            # Of the whole I/O where the clock was the matter, see guest/measure.
            percentiles = job[way]["lat_ns"].get("percentile") or job[way]["clat_ns"].get("percentile", {})
            out[way] = {"iops": job[way]["iops"], "bytes_per_s": job[way]["bw_bytes"],
                        "percentiles_us": {k: v / 1000 for k, v in percentiles.items()}}
    if job["error"]:
        raise SystemExit(f"{path}: fio met an error")
    return out


def measure(blocks, symbols, count):
    """Sum blocks up per I/O."""
    modules = collections.Counter()
    functions = collections.Counter()
    calls = collections.Counter()
    for addr, insns, times in blocks:
        module, function, entry = symbols.at(addr)
        modules[module] += insns * times
        functions[module, function] += insns * times
        if entry:
            calls[module, function] += times
    return {
        "instructions": sum(modules.values()) / count,
        "context_switches": calls["kernel", "__switch_to_asm"] / count,
        "modules": {m: n / count for m, n in modules.most_common()},
        "functions": [{"module": m, "function": f, "instructions": n / count, "calls": calls[m, f] / count}
                      for (m, f), n in functions.most_common(400)],
    }


def main():
    out = pathlib.Path(sys.argv[1])
    share = out / "share"
    jobs = [line.split() for line in (share / "jobs").read_text(encoding="utf-8").splitlines() if line.strip()]
    result = dict(word.split("=", 1) for word in sys.argv[2:])
    counted = result.get("clock") != "1"
    found = phases(out / "profile") if counted else [None] * len(jobs)
    symbols = Symbols(share / "kallsyms") if counted else None
    if len(found) != len(jobs):
        raise SystemExit(f"{len(jobs)} jobs, but {len(found)} measurements")
    result["jobs"] = {}
    for (name, rw, bs, depth, _, count, *options), blocks in zip(jobs, found):
        job = {"rw": rw, "bs": bs, "depth": int(depth), "ios": int(count), "options": options}
        if counted:
            job.update(measure(blocks, symbols, int(count)))
        job["fio"] = fio_figures(share / f"{name}.json")
        result["jobs"][name] = job
    (out / "result.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    for name, job in result["jobs"].items():
        if counted:
            print(f"{name:12} {job['instructions']:12.0f} instructions {job['context_switches']:6.2f} switches per I/O")
        for way, figures in job["fio"].items():
            print(f"{name:12} {way} {figures['iops']:.0f} IOPS, 99th percentile {figures['percentiles_us'].get('99.000000', 0):.0f} us")


if __name__ == "__main__":
    main()
