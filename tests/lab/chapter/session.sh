# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# Section 12.5.5 of the reference chapter, command by command: rows R5 to R10.
# Sourced before the fabric is up.

TARGET_ID=fe80000000000000001175000077dd7e
ACL_ID=7edd770000751100001175000077d708
UMAD=/dev/infiniband/umad1
ADD_TARGET=/sys/class/infiniband_srp/srp-qib1-1/add_target
one_kernel="target and initiator are two adapters of one kernel, so the initiator's is qib1 and umad1"

# The partition of the chapter: 77.8 GiB of it, thin, without a write cache.
make_sdc1()
{
	local disk
	modprobe loop
	# Of a session before this one.
	disk=$(losetup -j /tmp/sdc1.img -n -O NAME)
	[ -z "$disk" ] || losetup -d "$disk"
	rm -f /dev/sdc1 /tmp/sdc1.img
	truncate -s $((163258368 * 512)) /tmp/sdc1.img
	losetup -f /tmp/sdc1.img
	disk=$(losetup -j /tmp/sdc1.img -n -O NAME)
	disk=${disk#/dev/}
	echo 'write through' >"/sys/block/$disk/queue/write_cache"
	# shellcheck disable=SC2046  # two numbers
	mknod /dev/sdc1 b $(sed 's/:/ /' "/sys/block/$disk/dev")
}

# The log that 'dmesg' shows is the scenario's, too: 'dmesg -c' clears nothing.
dmesg_since()	{ dmesg | awk -v mark="lab: step: $1" 'index($0, mark) { on = 1; next } on'; }

announced()	{ (($(cat /sys/class/infiniband/qib0/ports/1/cap_mask) & 0x80000)); }
disk_there()	{ lsscsi | grep -q 'LIO-ORG *vol1'; }
refused()	{ log_matches "no ACL has been configured yet for initiator 0x$1"; }

r7_target()
{
	step "R7: the target's port"
	story_title "The target's port"
	tell "The ID of the target: the port's GID without colons."
	on target
	enter "ibstatus qib0 | grep 'default gid' | sed -e 's/default gid://' -e 's/://g' | grep 001175000077dd7e"
	shows r7-target-id
}

r5_targetcli()
{
	step "R5: the target by targetcli"
	modprobe ib_srpt
	story_title "The target, by targetcli"
	tell "A back end, the target, a LUN."
	on target
	make_sdc1
	# So that its preferences are there, as for whoever has used it before.
	targetcli set global auto_save_on_exit=true >/dev/null
	cat >/tmp/create <<-END
		/backstores/block create vol1 /dev/sdc1
		/srpt create 0x$TARGET_ID
		/srpt/ib.$TARGET_ID/luns create /backstores/block/vol1
	END
	enter "cat /tmp/create"
	enter "targetcli </tmp/create"
	allow "what comes from a file is not echoed after the prompt" 's|^/> ||'
	shows_lines r5-create
	enter "targetcli ls /"
	allow "targetcli 2.1.53 shows ALUA groups" \
		'/o- alua |o- default_tg_pt_gp /d; s/ \(default_tg_pt_gp\)\]/]/'
	allow "it lists two fabrics more below srpt" '/o- (vhost|xen-pvscsi) /d; /o- srpt /,$ s/^  \| /    /'
	shows r5-tree
}

r5_restored()
{
	step "R5: the target after a reload"
	on target
	tell "The configuration survives a reload of the module."
	cp "$STORY_OUT" "$SCRATCH/tree"
	enter "targetcli saveconfig"
	enter "targetcli clearconfig confirm=True"
	rmdir "$SRPT"
	enter "modprobe -r ib_srpt"
	enter "targetcli restoreconfig"
	enter "targetcli ls /"
	diff "$SCRATCH/tree" "$STORY_OUT" || fail "row R5: the restored tree is another one"
}

r7_enabled()
{
	step "R7: the port, with a target"
	tell "The port has to be Active. It announces its target by now: bit 0x80000 of the capability mask."
	on target
	wait_for 10 announced
	enter "ibstat qib0"
	shows r7-ibstat-target
}

r7_initiator()
{
	step "R7: the initiator's port"
	story_title "The initiator's port"
	on initiator
	enter "ibstat qib1"
	allow "$one_kernel" 's/qib1/qib0/'
	shows r7-ibstat-initiator
}

r8_discovery()
{
	step "R8: discovery"
	story_title "Discovery"
	tell "Scan without connecting."
	on initiator
	wait_for 10 test -e "$UMAD"
	enter "srp_daemon -a -o -d $UMAD"
	allow "srptools 44 prints the size of Send messages" '/Maximum size of Send Messages in bytes/d'
	shows r8-discovery
}

r6_login()
{
	step "R6: srp_daemon and ibsrpdm"
	story_title "The first login"
	tell "No initiator has an ACL yet, so this is expected to fail. Nothing is there before."
	on initiator
	initiator_load cmd_sg_entries=11 use_imm_data=0 ch_count=2
	enter lsscsi
	allow "the guest has no disk of its own" 's/^$//'
	enter "srp_daemon -e -n -i qib1 -p 1 -R 60 &"
	allow "$one_kernel" 's/^$//'
	wait_for 30 refused 001175000077dd7e001175000077d708
	STORY_ALLOWED=()
	step "R9: refused"
	enter "echo \"\$(ibsrpdm -c -d $UMAD),initiator_ext=${ACL_ID:0:16}\" >$ADD_TARGET" \
		"/bin/echo \"\$(ibsrpdm -c -d $UMAD),initiator_ext=${ACL_ID:0:16}\" >$ADD_TARGET" || true
	allow "srptools 44 writes the initiator extension in another byte order, so the chapter's is appended here" 's/^$//'
	allow "ibsrpdm asks the initiator's own port, too, which announces device management and has no target" 's/^$//'
	STORY_ALLOWED=()
}

r9_refused()
{
	story_title "Refused, and why"
	tell "The initiator only knows that it was refused."
	on initiator
	enter dmesg "dmesg_since 'R9: refused' | grep -v ib_srpt"
	allow "ib_srp names the peer" 's/(Connection 0.2) to [0-9a-f:]+ failed/\1 failed/'
	allow "it does not try to disconnect what was never connected any more" \
		'/Connection 0.2 failed/a scsi host0: ib_srp: Sending CM DREQ failed'
	shows_lines r9-initiator
	enter lsscsi
	tell "The target knows why, and has the string that the ACL needs."
	on target
	enter dmesg "dmesg_since 'R9: refused' | grep ib_srpt"
	shows_lines r9-target
	tell "So does srptctl, with the line to type."
	enter "srptctl acl pending"
	grep -q "srptctl acl allow 0x$ACL_ID" "$STORY_OUT" || fail "row R9: srptctl does not say what to type"
}

r10_admitted()
{
	story_title "Admitted"
	tell "An ACL of that name."
	on target
	enter "targetcli /srpt/ib.$TARGET_ID/acls create 0x$ACL_ID"
	shows_lines r10-acl
	step "R10: login"
	on initiator
	enter "echo \"\$(ibsrpdm -c -d $UMAD),initiator_ext=${ACL_ID:0:16}\" >$ADD_TARGET"
	wait_for 20 disk_there
	enter lsscsi
	shows r10-lsscsi
	# Drivers look at the disk in the background.
	initiator_disk
	wait_for 20 alua_attached
	wait_for 20 log_matches 'Attached SCSI disk'
	enter dmesg "dmesg_since 'R10: login' | grep -v ib_srpt"
	allow "LIO reports SPC-4 by now" 's/ANSI: 6/ANSI: 5/'
	allow "the ALUA handler names the device, and does not say 'Attached' any more" \
		's/alua: device [^ ]+ port group 0 rel port 1/alua: port group 00 rel port 01/; /alua: supports/a scsi 0:0:0:0: alua: Attached'
	# No part of the page, which one kernel writes.
	log_matches 'alua: port group 00 state' ||
		STORY_FILE='' allow "this kernel does not log the state of the port group, sysfs has it" \
			'/alua: supports/a scsi 0:0:0:0: alua: port group 00 state A non-preferred supports TOlUSNA'
	allow "sg, ALUA and sd come in any order, and the name changes with it from scsi to sd; sd rounds the size up" \
		's/scsi (.* Attached scsi generic)/sd \1/; s/sd (.* alua: port group 00 state)/scsi \1/; s/83\.6 GB/83.5 GB/'
	shows_lines r10-initiator
	on target
	enter dmesg "dmesg_since 'R10: login' | grep ib_srpt"
	grep -q "Accepted login from initiator 0x$ACL_ID" "$STORY_OUT" || fail "row R10: the accept is not logged"

	tell "The daemon of today has another extension. Log out, let it in, and its next retry logs in by itself."
	on initiator
	enter "for port in /sys/class/srp_remote_ports/*; do echo 1 >\$port/delete; done"
	wait_for 20 no_srp_hosts
	on target
	enter "srptctl acl allow --last --wait 120"
	enter "srptctl session list"
	grep -q 0x001175000077dd7e001175000077d708 "$STORY_OUT" || fail "row R10: the daemon's session is not there"

	tell "The disk holds what is written."
	on initiator
	wait_for 20 disk_there
	enter lsscsi
	initiator_disk
	enter "fio --name=verify --filename=$DISK --direct=1 --ioengine=libaio --iodepth=16 --bs=16k --rw=randwrite --size=8m --verify=crc32c --verify_fatal=1 --eta=never | grep -E 'err=|READ:|WRITE:'"
	grep -q 'err= 0' "$STORY_OUT" || fail "verified I/O failed"
}

initiator_disk()
{
	local host
	for host in $(srp_hosts); do
		srp_disks "$host"
		[ ${#DISKS[@]} -eq 0 ] || { DISK=${DISKS[0]}; return; }
	done
	fail "no disk"
}

# chapter_session [LAST]: up to that function, by default the whole; without
# those named in CHAPTER_WITHOUT.
chapter_session()
{
	local part
	# The masks of the chapter's adapters: the initiator's announces device
	# management by itself.
	VIB_OPTIONS="cap_mask=0x07600868,0x07680868 cap_fixed=0,0x80000"
	fabric_up
	dbus_up
	for part in r7_target r5_targetcli r5_restored r7_enabled r7_initiator r8_discovery r6_login r9_refused r10_admitted; do
		[[ " ${CHAPTER_WITHOUT:-} " == *" $part "* ]] || $part
		[ "$part" != "${1:-}" ] || return 0
	done
}
