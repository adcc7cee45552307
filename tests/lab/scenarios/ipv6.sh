# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# Login by RDMA CM over IPv6, and over IPv4.
# NEEDS=module:ib_ipoib
# TARGETS=ours stock
# TIMEOUT=90

backend_ramdisk vol1 32
target_serve vol1
fabric_ip_up
FABRIC_DEST="[$FABRIC_IP6]:$FABRIC_PORT"
initiator_login
io_verify "$DISK" 4k randrw 2m
initiator_logout
step "IPv4 beside it"
FABRIC_DEST=$FABRIC_IP:$FABRIC_PORT
initiator_login
io_verify "$DISK" 4k randrw 2m
