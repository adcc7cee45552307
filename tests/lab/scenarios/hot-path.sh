# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# What a command may not cost, counted by the kernel's own trace events while
# commands run: no allocation by the module, one work request for a buffer in one
# piece.
# CHECK=more
# FABRICS=rxe
# TIMEOUT=120

T=/sys/kernel/tracing

# histogram EVENT: entries of a histogram, as lines "key hits"
histogram()
{
	grep -E 'hitcount:' "$T/events/$1/hist" | sed -E 's/^\{ ([^}]*) \} hitcount: *([0-9]+).*/\1 \2/' || true
}

# ours EVENT: hits by functions of the module
ours()
{
	histogram "$1" | awk '/\[ib_srpt\]/ { n += $NF } END { print n + 0 }'
}

# The kernel warns of a module that goes while its events are looked at.
counted="kmem/kmalloc kmem/kmem_cache_alloc kmem/kmalloc_node kmem/kmem_cache_alloc_node"
counting_ends()
{
	local event
	for event in $counted ib_srpt/srpt_rdma ib_srpt/srpt_cmd_done; do
		[ ! -e $T/events/$event/trigger ] || sed -n '/^hist:/s/^\(hist:[^ ]*\).*/!\1/p' $T/events/$event/trigger |
			while read -r trigger; do echo "$trigger" >$T/events/$event/trigger; done
	done
}
trap counting_ends EXIT

backend_ramdisk vol1 32
target_serve vol1
initiator_load ch_count=1
initiator_login
# Pools fill and rings are posted.
io_verify "$DISK" 4k randrw 4m
io_verify "$DISK" 256k randrw 8m

step "allocations"
for event in $counted; do
	[ ! -e $T/events/$event ] || echo 'hist:keys=call_site.sym:size=2048' >$T/events/$event/trigger
done
echo 'hist:keys=wrs,to_initiator' >$T/events/ib_srpt/srpt_rdma/trigger
echo 'hist:keys=status' >$T/events/ib_srpt/srpt_cmd_done/trigger
fio --name=count --filename="$DISK" --rw=randrw --bs=4k --size=16m --io_size=8m --direct=1 --ioengine=libaio --iodepth=16 --minimal >/dev/null
commands=$(histogram ib_srpt/srpt_cmd_done | awk '{ n += $NF } END { print n + 0 }')
[ "$commands" -ge 2000 ] || fail "only $commands commands were traced"
for event in $counted; do
	[ -e $T/events/$event ] || continue
	histogram $event | grep -F '[ib_srpt]' || true
	[ "$(ours $event)" -le $((commands / 100)) ] || fail "$event: $(ours $event) by the module for $commands commands"
done

step "work requests"
histogram ib_srpt/srpt_rdma
[ "$(histogram ib_srpt/srpt_rdma | awk '!/wrs: *1[, ]/ { n += $NF } END { print n + 0 }')" = 0 ] ||
	fail "4 KiB in one piece took more than one work request"
