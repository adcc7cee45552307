#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Begin dumps and go away: nothing may stay behind that holds the module."""

import socket
import struct
import sys

NETLINK_GENERIC, GENL_ID_CTRL, CTRL_CMD_GETFAMILY = 16, 16, 3
CTRL_ATTR_FAMILY_ID, CTRL_ATTR_FAMILY_NAME = 1, 2
NLM_F_REQUEST, NLM_F_DUMP = 1, 0x300
SESSION_GET, CHANNEL_GET, REJECT_GET = 5, 7, 9


def message(family, command, flags, attributes=b""):
    body = struct.pack("BBH", command, 1, 0) + attributes
    return struct.pack("IHHII", 16 + len(body), family, NLM_F_REQUEST | flags, 1, 0) + body


def family_id():
    name = b"ib_srpt\0"
    attribute = struct.pack("HH", 4 + len(name), CTRL_ATTR_FAMILY_NAME) + name
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_GENERIC) as sock:
        sock.send(message(GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 0, attribute))
        reply = sock.recv(65536)
    at = 20
    while at < len(reply):
        length, kind = struct.unpack_from("HH", reply, at)
        if kind == CTRL_ATTR_FAMILY_ID:
            return struct.unpack_from("H", reply, at + 4)[0]
        at += (length + 3) & ~3
    sys.exit("no family id")


def main():
    family = family_id()
    for command in (SESSION_GET, CHANNEL_GET, REJECT_GET):
        for reads in range(4):
            with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_GENERIC) as sock:
                sock.send(message(family, command, NLM_F_DUMP))
                try:
                    for _ in range(reads):
                        sock.recv(8192, socket.MSG_DONTWAIT)
                except BlockingIOError:
                    pass  # a short dump is over already


main()
