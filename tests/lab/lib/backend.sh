# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# LIO back ends, straight in configfs. Each function takes a name and makes
# /sys/kernel/config/target/core/*/NAME.

CORE=/sys/kernel/config/target/core

backend_path()	{ echo "$CORE"/*/"$1"; }

# backend_enable PATH CONTROL
backend_enable()
{
	echo "$2" >"$1/control"
	# The name as hexadecimal digits: LIO makes the NAA identifier of these.
	printf '%s' "${1##*/}" | od -An -tx1 | tr -d ' \n' >"$1/wwn/vpd_unit_serial"
	echo 1 >"$1/enable"
	# Initiators see the name as the model, as with targetcli.
	echo 1 >"$1/attrib/emulate_model_alias"
}

# backend_ramdisk NAME MIB [CONTROL]
backend_ramdisk()
{
	modprobe target_core_mod
	mkdir -p "$CORE/rd_mcp_$((++backend_hba))/$1"
	backend_enable "$CORE/rd_mcp_$backend_hba/$1" "rd_pages=$(($2 * 256))${3:+,$3}"
}

# backend_file NAME MIB
backend_file()
{
	modprobe -a target_core_mod target_core_file
	truncate -s "$2M" "/dev/shm/$1.img"
	mkdir -p "$CORE/fileio_$((++backend_hba))/$1"
	backend_enable "$CORE/fileio_$backend_hba/$1" "fd_dev_name=/dev/shm/$1.img,fd_dev_size=$(($2 << 20)),fd_buffered_io=1"
}

# backend_block NAME DEVICE
backend_block()
{
	modprobe -a target_core_mod target_core_iblock
	mkdir -p "$CORE/iblock_$((++backend_hba))/$1"
	backend_enable "$CORE/iblock_$backend_hba/$1" "udev_path=$2"
}

# A block device that keeps data: null_device NAME MIB, sets NULL_DEVICE
null_device()
{
	local nullb=/sys/kernel/config/nullb/$1
	modprobe null_blk nr_devices=0
	mkdir "$nullb"
	echo "$2" >"$nullb/size"
	echo 1 >"$nullb/memory_backed"
	echo 512 >"$nullb/blocksize"
	echo 1 >"$nullb/power"
	NULL_DEVICE=nullb$(cat "$nullb/index")
	# Its name is the index, or that of its directory, by kernel.
	[ -e "/dev/$NULL_DEVICE" ] || NULL_DEVICE=$1
}

# backend_null NAME MIB
backend_null()
{
	null_device "$1" "$2"
	backend_block "$1" "/dev/$NULL_DEVICE"
}

backend_hba=0

backend_clear()
{
	local dir
	for dir in "$CORE"/*/*/alua/*; do
		[ "${dir##*/}" = default_tg_pt_gp ] || rmdir "$dir" 2>/dev/null
	done
	for dir in "$CORE"/*/*/wwn; do
		[ ! -e "$dir" ] || rmdir "${dir%/wwn}" || echo "backend ${dir%/wwn}"
	done
	for dir in "$CORE"/{rd_mcp,fileio,iblock,pscsi,user}_*; do
		[ ! -e "$dir" ] || rmdir "$dir" || echo "hba $dir"
	done
	[ ! -e /sys/module/loop ] || losetup -D
	for dir in /sys/block/dm-*; do
		[ ! -e "$dir" ] || dmsetup remove_all --force --noudevsync 2>/dev/null
	done
	for dir in /sys/kernel/config/nullb/*/; do
		[ ! -e "$dir" ] || rmdir "$dir" || echo "null_blk $dir"
	done
	rm -f /dev/shm/*.img
	return 0
}

# Nobody but other modules holds LIO's core.
lio_idle()
{
	local module=/sys/module/target_core_mod users
	local -a holders=("$module"/holders/*)
	[ -e "$module" ] || return 0
	[ -e "${holders[0]}" ] || holders=()
	read -r users <"$module/refcnt"
	[ "$users" = ${#holders[@]} ] || echo "target_core_mod is held by $users, of which modules: ${holders[*]##*/}"
}

# No session, LUN or command left over holds LIO's own modules, nor the back
# ends' those.
backend_unload()
{
	local slabs
	module_remove null_blk brd dm_service_time dm_multipath dm_flakey dm_delay dm_mod
	module_remove target_core_iblock target_core_file target_core_user target_core_pscsi target_core_mod
	slabs=$(grep -oE '^(srpt|lio_|vhca)[^ ]*' /proc/slabinfo)
	[ -z "$slabs" ] || echo "slab caches $slabs"
}

# module_remove MODULE...: all that are loaded, waiting a while for users to go.
module_remove()
{
	local module
	for module in "$@"; do
		[ -e "/sys/module/$module/initstate" ] || continue
		if ! wait_for 5 at_most 20 rmmod "$module" 2>/dev/null; then
			echo "module $module does not unload (used by: $(cat "/sys/module/$module/refcnt" 2>/dev/null) $(ls "/sys/module/$module/holders" 2>/dev/null))"
		fi
	done
}
