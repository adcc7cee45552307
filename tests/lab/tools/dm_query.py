#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Send device-management MADs to a port and print what it answers.

usage: dm_query.py CA LID

Reads requests, one a line, and prints one line for each:
  get ATTRIBUTE [MODIFIER]       "STATUS DATA", both in hex, or "none" if there
  set ATTRIBUTE MODIFIER DATA    is no answer; DATA are hex digits
  METHOD ATTRIBUTE [MODIFIER]    the same with the number of another method
  flood COUNT                    sends COUNT requests without waiting, then
                                 prints the number of answers
Numbers may be written 0x..
"""
import ctypes
import errno
import os
import sys

umad = ctypes.CDLL("libibumad.so.3", use_errno=True)
umad.umad_size.restype = ctypes.c_size_t
umad.umad_get_mad.restype = ctypes.c_void_p
umad.umad_get_mad.argtypes = [ctypes.c_void_p]

CLASS, VERSION, MAD_LEN, DATA_OFFSET = 6, 1, 256, 64
METHODS = {"get": 1, "set": 2}
GSI_QP, GSI_QKEY = 1, 0x80010000


class Port:
    def __init__(self, name, lid):
        self.lid = lid
        self.tid = 0
        self.port = umad.umad_open_port(name.encode(), 1)
        if self.port < 0:
            sys.exit(f"cannot open {name}: {os.strerror(-self.port)}")
        self.agent = umad.umad_register(self.port, CLASS, VERSION, 0, None)
        if self.agent < 0:
            sys.exit(f"cannot register: {os.strerror(-self.agent)}")
        self.buffer = ctypes.create_string_buffer(umad.umad_size() + MAD_LEN)

    def send(self, method, attribute, modifier, data, timeout):
        mad = bytearray(MAD_LEN)
        self.tid += 1
        mad[0:4] = bytes((1, CLASS, VERSION, method))
        mad[8:16] = self.tid.to_bytes(8, "big")
        mad[16:18] = attribute.to_bytes(2, "big")
        mad[20:24] = modifier.to_bytes(4, "big")
        mad[DATA_OFFSET:DATA_OFFSET + len(data)] = data
        ctypes.memset(self.buffer, 0, len(self.buffer))
        ctypes.memmove(umad.umad_get_mad(self.buffer), bytes(mad), MAD_LEN)
        umad.umad_set_addr(self.buffer, self.lid, GSI_QP, 0, GSI_QKEY)
        rc = umad.umad_send(self.port, self.agent, self.buffer, MAD_LEN, timeout, 0)
        if rc < 0:
            sys.exit(f"cannot send: {os.strerror(-rc)}")

    def receive(self, timeout):
        """The answer's bytes, or None."""
        length = ctypes.c_int(MAD_LEN)
        rc = umad.umad_recv(self.port, self.buffer, ctypes.byref(length), timeout)
        if rc == -errno.EWOULDBLOCK or rc == -errno.ETIMEDOUT or umad.umad_status(self.buffer):
            return None
        if rc < 0:
            sys.exit(f"cannot receive: {os.strerror(-rc)}")
        return ctypes.string_at(umad.umad_get_mad(self.buffer), MAD_LEN)


def flood(port, count):
    for _ in range(count):
        port.send(METHODS["get"], 0x10, 0, b"", 2000)
    # Each request comes back, answered or timed out.
    return str(sum(port.receive(10000) is not None for _ in range(count)))


def ask(port, method, attribute, modifier="0", data=""):
    port.send(METHODS.get(method) or int(method, 0), int(attribute, 0), int(modifier, 0), bytes.fromhex(data), 2000)
    answer = port.receive(5000)
    if answer is None:
        return "none"
    if answer[1] != CLASS or answer[3] != 0x81 or answer[12:16] != port.tid.to_bytes(4, "big"):
        return f"not an answer to what was asked: {answer[:24].hex()}"
    return f"{answer[4:6].hex()} {answer[DATA_OFFSET:].hex()}"


def main():
    port = Port(sys.argv[1], int(sys.argv[2], 0))
    for line in sys.stdin:
        words = line.split()
        if words[0] == "flood":
            print(flood(port, int(words[1], 0)), flush=True)
        else:
            print(ask(port, *words), flush=True)


main()
