# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# The module comes and goes, idle and configured.
# CPUS=2
# TARGETS=ours stock
# TIMEOUT=60

for round in 1 2 3; do
	step "round $round"
	rmdir "$SRPT"
	within 10 rmmod ib_srpt
	target_load
done
backend_ramdisk vol1 8
target_serve vol1
target_disable
tpg_remove "$TPG"
rmdir "$SRPT/$TARGET"
rmdir "$SRPT"
within 10 rmmod ib_srpt

if [ "$LAB_target" = ours ]; then
	step "parameters out of their range"
	for bad in srp_max_req_size=63 srp_max_req_size=65537 srpt_srq_size=255 srpt_srq_size=x rdma_cm_port=65536 srpt_service_guid=qib0; do
		refuses modprobe ib_srpt $bad 2>/dev/null
		log_has "ib_srpt parameter ${bad%=*}: '${bad#*=}' refused, it takes " || fail "the log does not say why $bad is refused"
	done
fi
