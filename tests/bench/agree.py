#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""How far two runs are apart: agree.py DIRECTORY OTHER

Both are directories of `quick` or `matrix`. For each run in both, the jobs and by how much
their instructions differ, largest first. The exit status is 1 when one of them
differs by more than 0.5 %.
"""
import sys

sys.dont_write_bytecode = True
import matrix  # noqa: E402  (beside this file)

LIMIT = 0.005


def costs(path):
    """{run and job: instructions}; nothing of runs by the clock."""
    return {f"{run} {name}": job["instructions"] for run, result in matrix.load(path).items()
            for name, job in result["jobs"].items() if "instructions" in job}


def main():
    one, other = (costs(path) for path in sys.argv[1:3])
    apart = sorted(((abs(one[job] / other[job] - 1), job) for job in one.keys() & other.keys()), reverse=True)
    if not apart:
        sys.exit("nothing was measured in both")
    for difference, job in apart:
        print(f"{difference:7.2%}  {one[job]:14,.0f} {other[job]:14,.0f}  {job}")
    beyond = sum(difference > LIMIT for difference, _ in apart)
    print(f"{len(apart)} compared, {beyond} differ by more than {LIMIT:.1%}")
    sys.exit(1 if beyond else 0)


if __name__ == "__main__":
    main()
