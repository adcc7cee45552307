# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# All the libraries of a scenario, for this run's fabric.
for lab_part in assert leaks log scenario backend target initiator io chance fabric_"$LAB_fabric"; do
	# shellcheck source=/dev/null
	. "$LAB_dir/lib/$lab_part.sh"
done
