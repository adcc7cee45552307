#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Write and read back, without the page cache, from buffers of pages that do
not touch each other in memory, in different orders, and compare.

usage: scatter.py DEVICE PAGES ROUNDS
"""
import mmap
import os
import random
import sys

PAGE = 4096


def scattered(area, pages, shuffle):
    """Every other page of the area, so that no two can be merged."""
    order = list(range(pages))
    if shuffle:
        random.shuffle(order)
    view = memoryview(area)
    return [view[2 * i * PAGE : (2 * i + 1) * PAGE] for i in order]


def main():
    device, pages, rounds = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    random.seed(1)
    out = mmap.mmap(-1, 2 * pages * PAGE)
    back = mmap.mmap(-1, 2 * pages * PAGE)
    file = os.open(device, os.O_RDWR | os.O_DIRECT)
    for turn in range(rounds):
        offset = turn * pages * PAGE
        out[:] = random.randbytes(len(out))
        marker = random.randbytes(PAGE)
        for i in range(pages):
            # The pages between must stay as they are.
            back[(2 * i + 1) * PAGE : (2 * i + 2) * PAGE] = marker
        source = scattered(out, pages, turn % 2)
        wrote = os.pwritev(file, source, offset)
        sink = scattered(back, pages, turn % 3)
        read = os.preadv(file, sink, offset)
        if wrote != pages * PAGE or read != pages * PAGE:
            sys.exit(f"wrote {wrote}, read {read} of {pages * PAGE}")
        if b"".join(source) != b"".join(sink):
            sys.exit(f"round {turn}: data differs")
        for i in range(pages):
            if back[(2 * i + 1) * PAGE : (2 * i + 2) * PAGE] != marker:
                sys.exit(f"round {turn}: bytes beside page {i} changed")
    print(f"{rounds} rounds of {pages} pages verified")


main()
