# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# LUN and host resets while verified I/O runs: no data is lost.
# CPUS=2
# TARGETS=ours stock
# TIMEOUT=120

backend_ramdisk vol1 32
target_serve vol1
initiator_load ch_count=2
initiator_login
io_verify_background "$DISK"
for kind in device device host; do
	step "sg_reset $kind"
	within 30 sg_reset --no-escalate --$kind "$(sg_of "$DISK")"
	io_moves "$DISK"
done
io_verify_end
