#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Usage: probe.sh OUTPUT PROBE_DIR COMPILER [FLAG...]
#
# Find out which of the forms known to us the kernel's headers have. A file
# PROBE_DIR/NAME.c is compiled once for each of its answers, which it lists in
# lines of the form "PROBE-ANSWER: WORD"; with -DPROBE_WORD the file has to
# compile if the answer is right. The first that compiles defines
# SRPT_HAVE_WORD in OUTPUT. If none does, the kernel is one that this module
# has not been taught, and OUTPUT stops the build with the name of the probe.

set -eu

out=$1
dir=$2
shift 2

tmp=$out.tmp
trap 'rm -f "$tmp"' EXIT

{
	echo "/* SPDX-License-Identifier: GPL-2.0 */"
	echo "/* Made by probe.sh: what the kernel's headers look like. */"
	echo "#ifndef SRPT_COMPAT_PROBES_H"
	echo "#define SRPT_COMPAT_PROBES_H"
} >"$tmp"

for probe in "$dir"/*.c; do
	name=$(basename "$probe" .c)
	found=
	# an answer is one word
	# shellcheck disable=SC2013
	for answer in $(sed -n 's/.*PROBE-ANSWER: *\([A-Z0-9_]*\).*/\1/p' "$probe"); do
		# Warnings about the probe itself are beside the point.
		if "$@" -w -fsyntax-only "-DPROBE_$answer" "$probe" 2>/dev/null; then
			found=$answer
			break
		fi
	done
	if [ -n "$found" ]; then
		echo "#define SRPT_HAVE_$found 1"
	else
		echo "#error \"this kernel answers none of the forms known to compat/probes/$name.c: see there what the module needs, and add its form\""
	fi
done >>"$tmp"

echo "#endif /* SRPT_COMPAT_PROBES_H */" >>"$tmp"
mv "$tmp" "$out"
