# SPDX-License-Identifier: GPL-2.0
"""The kernel's own spec-driven client on our spec, for the tests here.

YNL in the environment is tools/net/ynl of the kernel's source.
"""

import os
import pathlib
import select
import sys
import time

sys.dont_write_bytecode = True
YNL = pathlib.Path(os.environ["YNL"])
sys.path.insert(0, str(YNL))

from lib import NlError, YnlFamily  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
SPEC = ROOT / "Documentation/netlink/specs/ib_srpt.yaml"
SCHEMA = YNL / "../../../Documentation/netlink/genetlink.yaml"


def connect(**kwargs):
    return YnlFamily(str(SPEC), str(SCHEMA), **kwargs)


def same(what, got, wanted):
    if got != wanted:
        sys.exit(f"{what}: {got!r}, not {wanted!r}")


def holds(what, condition):
    if not condition:
        sys.exit(f"does not hold: {what}")


def refused(errno, text, call, *args):
    """The kernel refuses with this errno, and its extack text says why."""
    try:
        call(*args)
    except NlError as err:
        message = (err.nl_msg.extack or {}).get("msg", "")
        same(f"errno of {args}", err.error, errno)
        holds(f"{text!r} in {message!r}", text in message)
        return
    sys.exit(f"not refused: {args}")


class Events:
    """A subscriber to the events of the fabric."""

    def __init__(self):
        self.client = connect()
        self.client.ntf_subscribe("events")

    def next(self, name, seconds=10):
        """The next event with this name; others before it are dropped."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.client.check_ntf()
            while self.client.async_msg_queue:
                event = self.client.async_msg_queue.pop(0)
                if event["name"] == name:
                    return event["msg"]
            select.select([self.client.sock], [], [], 0.5)
        sys.exit(f"no event {name} in {seconds} s")

    def find(self, log, name, text, seconds=20):
        """Is there such an event with this text, among those of before in
        @log or those to come? All that come are added to @log.
        """
        end = time.monotonic() + seconds
        while True:
            self.client.check_ntf()
            log += self.client.async_msg_queue
            self.client.async_msg_queue.clear()
            if any(e["name"] == name and text in str(e["msg"]) for e in log):
                return "heard"
            if time.monotonic() > end:
                return f"not heard, only: {log}"
            select.select([self.client.sock], [], [], 0.5)
