# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# Every netlink operation and event over a thousand made-up sessions, driven by
# the kernel's own client from our spec.
# CHECK=more
# FABRICS=rxe
# SETUP=fabric
# TIMEOUT=240
# HOST=scripts/kernels ynl
# HOST=scripts/module tests/netlink "$KVER" W=1

modprobe -a ib_core target_core_mod
insmod "$LAB_root/build/netlink/$(uname -r)/srpt_netlink_mock.ko" sessions=1000 channels=4
YNL=$LAB_root/build/kernels/source-6.12/tools/net/ynl "$LAB_root/tests/netlink/scale.py"
step "a dump left unfinished"
at_most 20 "$LAB_root/tests/netlink/abandon.py"
rmmod srpt_netlink_mock
