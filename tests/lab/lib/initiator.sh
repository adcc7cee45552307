# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# The initiator side: the kernel's own ib_srp.

# For a host that is deleted after its connection broke under load: SCSI frees
# the requests first, then ib_srp takes the last completions of registrations,
# which are in these requests, and calls what is there. Without any there are none.
# shellcheck disable=SC2034  # scenarios use it
INITIATOR_UNREGISTERED=never_register=Y

# initiator_load [MODULE PARAMETER...]
initiator_load()
{
	# The device handler has to be there before the disk.
	modprobe scsi_dh_alua
	modprobe ib_srp "$@"
	wait_for 5 test -e "$(fabric_add_target)"
}

# initiator_try [OPTION...]: one login; fails if refused.
initiator_try()
{
	local options='' said n
	[ -e /sys/class/infiniband_srp ] || initiator_load
	[ $# -eq 0 ] || options=,$(IFS=,; echo "$*")
	# Not the shell's own echo: a background job that ends would interrupt
	# the login, and a channel be missing.
	for ((n = 0; n < 100; n++)); do
		said=$( (fabric_initiator_run /bin/echo "$(fabric_login_string)$options" >"$(fabric_add_target)") 2>&1) && return
		# ib_srp forgets a target after its SCSI host is gone: at once, or
		# when it has given up being answered.
		[[ $said == *'File exists'* ]] || break
		nap 0.3
	done
	echo "$said" >&2
	return 1
}

# initiator_login [OPTION...]: log in and wait for the disks; sets SRP_HOST
# (hostN), DISK (first /dev/sdX) and DISKS.
initiator_login()
{
	local -A before=()
	local host
	for host in $(srp_hosts); do
		before[$host]=1
	done
	initiator_try "$@" || fail "login refused"
	SRP_HOST=
	for host in $(srp_hosts); do
		[ -n "${before[$host]:-}" ] || SRP_HOST=$host
	done
	[ -n "$SRP_HOST" ] || fail "no SCSI host after login"
	wait_for 20 disks_settled || fail "no disk after login"
	DISK=${DISKS[0]}
}

# As many disks as the target has LUNs; where that is unknown, one.
disks_settled()
{
	local luns=("$TPG"/lun/lun_*)
	srp_disks "$SRP_HOST"
	[ ${#DISKS[@]} -ge ${#luns[@]} ]
}

# Processes are dear in a guest without KVM: these get by without.
srp_hosts()
{
	local host
	for host in /sys/class/srp_host/host*; do
		[ ! -e "$host" ] || echo "${host##*/}"
	done
}

srp_remote_ports()
{
	local port
	for port in /sys/class/srp_remote_ports/port-*; do
		[ ! -e "$port" ] || echo "${port##*/}"
	done
}

# DISKS: the block devices of a host, by LUN.
srp_disks()
{
	local dir lun
	local -a found=()
	for dir in /sys/class/scsi_host/"$1"/device/target*/*:*:*:*/block/sd*; do
		[ -e "$dir" ] || continue
		lun=${dir%/block/*}
		found[${lun##*:}]=/dev/${dir##*/}
	done
	DISKS=("${found[@]}")
}

# The SCSI generic node of a disk.
sg_of()
{
	echo "/dev/$(ls "/sys/block/${1#/dev/}/device/scsi_generic")"
}

# Who is not told that its session has ended, because the DREQ was lost with the
# path, finds out by the timeout of a command.
disk_timeout()	{ echo "$2" >"/sys/block/${1#/dev/}/device/timeout"; }

initiator_logout()
{
	local port
	for port in $(srp_remote_ports); do
		echo 1 >"/sys/class/srp_remote_ports/$port/delete"
	done
	wait_for 20 no_srp_hosts
}

no_srp_hosts()	{ [ -z "$(srp_hosts)" ]; }

initiator_clear()
{
	local port
	for port in $(srp_remote_ports); do
		# A port whose dev_loss_tmo passes at this moment goes by itself.
		at_most 20 sh -c "echo 1 >/sys/class/srp_remote_ports/$port/delete" 2>/dev/null || true
	done
	# The recovery that SCSI is in the middle of comes first.
	wait_for 60 no_srp_hosts 2>/dev/null || echo "initiator $(srp_hosts | xargs)"
}

initiator_unload()
{
	module_remove ib_srp scsi_transport_srp
}

# The disk has an access state: the ALUA device handler looked at it.
alua_attached()	{ grep -q . "/sys/block/${DISK#/dev/}/device/access_state" 2>/dev/null; }

# State of the first remote port: running, blocked, fail-fast, lost.
port_state()	{ [ "$(cat /sys/class/srp_remote_ports/port-*/state)" = "$1" ]; }
port_state_not() { ! port_state "$1"; }

# aborts_beyond N: the initiator has aborted more commands than that.
aborts_beyond()	{ [ "$(log_count 'SRP abort called')" -gt "$1" ]; }
