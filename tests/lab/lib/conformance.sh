# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# What the suite of tests/initiator needs: LUN 0 a disk, LUN 1 one that stands
# still on demand, ACLs, and a script by which a case asks for what only the
# target's administrator can do.

CONFORMANCE_GUID=0x0002c90300ab0001
CONFORMANCE_CHANNELS=4
CONFORMANCE_ADDRESS=${FABRIC_IP:-}

conformance_target()
{
	local dm address
	backend_ramdisk vol1 64
	null_device vol2 32
	modprobe dm_mod
	echo "0 $((32 << 11)) linear /dev/$NULL_DEVICE 0" | dmsetup create --noudevsync slow
	dm=/dev/$(dmsetup info -c --noheadings -o blkdevname slow)
	backend_block vol2 "$dm"
	if [ "$LAB_target" = stock ]; then
		# Only a target named by the port's GUID asks there where somebody comes from.
		TARGET=$(sed -E 's/^0x.{16}//; s/.{4}/&:/g; s/:$//' <<<"$TARGET")
		TPG=$SRPT/$TARGET/tpgt_1
	fi
	target_create vol1 vol2
	if [ "$LAB_target" = ours ]; then
		target_attrib max_channels $CONFORMANCE_CHANNELS
		# Any extension with this GUID.
		acl_add "*:${CONFORMANCE_GUID#0x}"
	else
		# The stock module has no such form: whoever comes from these addresses.
		for address in $CONFORMANCE_ADDRESS; do
			acl_add "$address"
		done
	fi
	target_enable
	cat >"$SCRATCH/hook" <<-END
		#!/bin/sh
		case \$1 in
		stall)		dmsetup suspend --noflush --nolockfs --noudevsync slow ;;
		resume)		dmsetup resume --noudevsync slow ;;
		disable)	echo 0 >$TPG/enable ;;
		disable-in-background)
				flock $SCRATCH/lock sh -c 'echo 0 >$TPG/enable' </dev/null >/dev/null 2>&1 & ;;
		enable)		flock $SCRATCH/lock sh -c 'echo 1 >$TPG/enable' ;;
		sessions)	echo \$2 >$TPG/attrib/max_sessions ;;
		esac
	END
	chmod +x "$SCRATCH/hook"
}

# conformance_env SRQ: what the suite is told of the target
conformance_env()
{
	export SRP_HOST=${FABRIC_IP:-} SRP_PORT=${FABRIC_PORT:-} SRP_HOOK=$SCRATCH/hook SRP_SRQ=$1
	export SRP_MAX_CHANNELS=$CONFORMANCE_CHANNELS SRP_INITIATOR_GUID=$CONFORMANCE_GUID
	SRP_SERVICE_GUID=$(fabric_service_guid)
	export SRP_SERVICE_GUID
}

# What needs an adapter without the kernel's connection manager
CONFORMANCE_RAW='IbCm*:*/IbCm*'

# conformance_run SRQ [FILTER]
conformance_run()
{
	conformance_env "$1"
	conformance_suite "${2:-*}-$CONFORMANCE_RAW"
}

# conformance_suite FILTER: the suite's own report goes to the log.
conformance_suite()
{
	"$LAB_root/build/initiator/conformance" --gtest_color=no --gtest_filter="$1" 2>&1 |
		tee "$SCRATCH/suite" || true
	grep -q '^\[  PASSED  \]' "$SCRATCH/suite" || fail "the suite did not end"
	if grep -q '^\[  FAILED  \]' "$SCRATCH/suite"; then
		fail "$(grep -cE '^\[  FAILED  \].* ms\)$' "$SCRATCH/suite") cases failed: $(sed -nE 's/^\[  FAILED  \] ([^ ,]*).* ms\)$/\1/p' "$SCRATCH/suite" | head -3 | xargs)"
	fi
}
