# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# What the virtual adapters refuse, report and count: keys, bounds, access
# flags, partitions, retries, queue sizes, flushes, events.
# CHECK=more
# FABRICS=vib
# TARGETS=ours stock
# SETUP=fabric
# HOST=cc -Wall -Werror -O1 -o build/lab/vib_checks tests/lab/tools/vib_checks.c -libverbs

"$LAB_root/build/lab/vib_checks" qib0 qib1 "$VIB_DEBUG/qib1/pkey"
