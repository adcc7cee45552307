# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# The target side: the module and its configfs tree. TARGET is the name of the
# target port, TPG its directory.

SRPT=/sys/kernel/config/target/srpt

# target_load [MODULE PARAMETER...]
target_load()
{
	modprobe ib_srpt "$@"
	mkdir -p "$SRPT"
	fabric_target_ready
	TARGET=$(fabric_target_name)
	TPG=$SRPT/$TARGET/tpgt_1
}

# target_create BACKEND...: a disabled target with the back ends as LUN 0, 1...
target_create()
{
	local backend lun=0
	mkdir -p "$TPG"
	for backend in "$@"; do
		target_lun $lun "$backend"
		lun=$((lun + 1))
	done
}

# target_lun NUMBER BACKEND
target_lun()
{
	mkdir -p "$TPG/lun/lun_$1"
	ln -s "$(backend_path "$2")" "$TPG/lun/lun_$1/$2"
}

target_enable()		{ echo 1 >"$TPG/enable"; }
target_disable()	{ echo 0 >"$TPG/enable"; }
target_attrib()		{ echo "$2" >"$TPG/attrib/$1"; }

# acl_add NAME: with every LUN mapped under its own number.
acl_add()
{
	local lun
	mkdir "$TPG/acls/$1"
	for lun in "$TPG"/lun/lun_*; do
		[ -e "$lun" ] || continue
		mkdir "$TPG/acls/$1/${lun##*/}"
		ln -s "$lun" "$TPG/acls/$1/${lun##*/}/lun"
	done
}

acl_remove()
{
	local lun
	for lun in "$TPG/acls/$1"/lun_*; do
		[ -e "$lun" ] || continue
		find "$lun" -maxdepth 1 -type l -delete
		rmdir "$lun"
	done
	rmdir "$TPG/acls/$1"
}

# tpg_remove DIRECTORY: with everything in it.
tpg_remove()
{
	local TPG=$1 dir
	for dir in "$TPG"/acls/*/; do
		[ ! -e "$dir" ] || acl_remove "$(basename "$dir")"
	done
	for dir in "$TPG"/lun/lun_*; do
		[ -e "$dir" ] || continue
		find "$dir" -maxdepth 1 -type l -delete
		rmdir "$dir"
	done
	rmdir "$TPG"
}

# A served target: target_serve BACKEND...; the fabric's initiator may log in.
target_serve()
{
	target_create "$@"
	acl_add "$(fabric_initiator_id)"
	target_enable
}

# The port is served again after the HCA was away.
target_reappeared()
{
	[ -e "$(fabric_add_target)" ] || wait_for 5 test -e "$(fabric_add_target)"
	wait_for 10 initiator_probe
}

# A login is not refused; it is left again.
initiator_probe()
{
	initiator_try 2>/dev/null && initiator_logout
}

# target_sessions: how many initiators are logged in.
target_sessions()
{
	srptctl metrics | grep -c '^srpt_session_channels{' || true
}

# Nobody is logged in, and no data buffer is in use.
target_idle()
{
	srptctl metrics >/tmp/metrics || return
	! grep -qE '^srpt_session_channels\{|^srpt_pool_bytes.*state="used"\} [1-9]' /tmp/metrics
}

target_clear()
{
	local tpg port
	# targetcli brings other fabrics in.
	for port in "${SRPT%/*}"/{iscsi,loopback,vhost,qla2xxx,fc,usb_gadget,sbp,xen-pvscsi}; do
		[ ! -d "$port" ] || rmdir "$port" || echo "fabric $port"
	done
	module_remove iscsi_target_mod tcm_loop
	[ -d "$SRPT" ] || return 0
	for tpg in "$SRPT"/*/*/acls; do
		[ -d "$tpg" ] || continue
		tpg=${tpg%/acls}
		at_most 20 sh -c "echo 0 >$tpg/enable" 2>/dev/null
		tpg_remove "$tpg" || echo "target portal group $tpg"
	done
	for port in "$SRPT"/*/; do
		[ "$(basename "$port")" = discovery_auth ] || rmdir "$port" || echo "target $port"
	done
	rmdir "$SRPT" || echo "$SRPT"
}

target_unload()
{
	module_remove ib_srpt
}
