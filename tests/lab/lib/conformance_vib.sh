# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# The suite on virtual InfiniBand: the target on the first adapter, a
# well-behaved initiator on the second, and a third one without the kernel's
# connection manager, whose messages the suite sends and receives by itself.
# The kernel's IB CM is used through addresses of the family AF_IB.

conformance_fabric()
{
	VIB_OPTIONS="hcas=3 switch=1 no_cm=4"
	fabric_up
	wait_for 20 vib_active qib2
}

# conformance_ib_env SRQ
conformance_ib_env()
{
	conformance_env "$1"
	SRP_HOST=$(cat /sys/class/infiniband/$VIB_TARGET/ports/1/gids/0)
	SRP_SOURCE=$(cat /sys/class/infiniband/$VIB_INITIATOR/ports/1/gids/0)
	SRP_PORT=$SRP_SERVICE_GUID
	SRP_TARGET_LID=$(cat /sys/class/infiniband/$VIB_TARGET/ports/1/lid)
	SRP_RAW_CA=qib2
	export SRP_HOST SRP_SOURCE SRP_PORT SRP_TARGET_LID SRP_RAW_CA
}
