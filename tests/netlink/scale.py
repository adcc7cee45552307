#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Every operation of the family over a thousand made-up sessions (mock.c)."""

import errno
import os
import pathlib
import sys
import time

from client import Events, NlError, connect, holds, refused, same

SESSIONS, CHANNELS = 1000, 4
PARAMETERS = pathlib.Path("/sys/module/srpt_netlink_mock/parameters")
TARGET = {"wwn": "0xfe800000000000000000000000000001", "tpg-tag": 1}


def poke(parameter, value):
    (PARAMETERS / parameter).write_text(value, encoding="ascii")


def reading(nl):
    """Dumps, with large and with the smallest buffers."""
    module = nl.do("module-get", {})
    same("service GUID", module["service-guid"], hex(0x0011223344556677))
    same("counts", (module["sessions"], module["channels"], module["rdma-cm-port"]),
         (SESSIONS, SESSIONS * CHANNELS, 5555))
    ports = nl.dump("port-get", {})
    same("ports", [(p["device"], p["num"], p["state"]) for p in ports], [("rxe0", 1, "active")])
    same("link layer", ports[0]["link-layer"], "ethernet")
    same("targets of the port", ports[0]["target"], [TARGET["wwn"]])
    tpg, = nl.dump("target-get", {})
    same("target", (tpg["wwn"], tpg["tpg-tag"], tpg["enabled"]),
         (TARGET["wwn"], 1, 1))
    same("ports of the target", tpg["ports"], [{"device": "rxe0", "num": 1}])

    for client in (nl, connect(recv_size=4000)):
        begun = time.monotonic()
        sessions = client.dump("session-get", {})
        same("session ids", [s["id"] for s in sessions], list(range(1, SESSIONS + 1)))
        channels = client.dump("channel-get", {})
        same("channel ids", [(c["session-id"], c["id"]) for c in channels],
             [(s, c) for s in range(1, SESSIONS + 1) for c in range(CHANNELS)])
        print(f"sessions and channels dumped in {time.monotonic() - begun:.1f} s")
    last = sessions[-1]
    same("initiator", last["initiator"], f"0x{0xa000 + SESSIONS - 1:032x}")
    same("source", last["source-ip"], "10.0.3.231")
    same("ACL", last["acl"], "mock")
    same("sums", (last["stats"]["read-cmds"], last["stats"]["write-cmds"]),
         (SESSIONS * CHANNELS, sum(range(CHANNELS))))
    lat = last["stats"]["read-latency"]
    same("histogram", (len(lat), lat[0], lat[2], sum(lat)), (24, CHANNELS, CHANNELS, 2 * CHANNELS))
    same("slowest bucket", last["stats"]["write-latency"][23], CHANNELS)
    one = channels[-1]
    same("credits", [one[f"credit-{k}"] for k in ("limit", "granted", "consumed", "free", "due")],
         [128, 200, 80, 120, 3])
    same("state", (one["state"], one["cm-kind"]), ("live", "rdma"))
    holds("immediate data", one["imm-data"] and one["imm-offset"] == 68)
    same("channels of one session",
         [c["id"] for c in nl.dump("channel-get", {"session-id": 77})], list(range(CHANNELS)))
    same("one session", nl.do("session-get", {"id": 77})["id"], 77)


def refusing(nl):
    """What is no good request is refused in words."""
    # Linux 6.1 has nowhere to put the words when a dump is refused at its start.
    of_dump = not os.uname().release.startswith("6.1.")
    refused(errno.ENOENT, "no session has this id", nl.do, "session-get", {"id": SESSIONS + 1})
    refused(errno.ENOENT, "no session has this id" if of_dump else "", nl.dump, "channel-get", {"session-id": 0})
    refused(errno.EINVAL, "id must say which session", nl.do, "session-get", {})
    refused(errno.EINVAL, "id must say which session", nl.do, "session-close", {})
    refused(errno.EINVAL, "without the dump flag" if of_dump else "", nl.dump, "session-get", {"id": 1})
    refused(errno.ENOENT, "no target has this name", nl.do, "target-set",
            {"wwn": "0x1", "tpg-tag": 1, "max-channels": 2})
    refused(errno.ENOENT, "no portal group with this tag", nl.do, "target-set",
            {**TARGET, "tpg-tag": 2, "max-channels": 2})
    refused(errno.EINVAL, "which portal group", nl.do, "target-set", {"max-channels": 2})
    refused(errno.EINVAL, "no limit was given", nl.do, "target-set", TARGET)
    for limit, value in (("max-channels", 0), ("max-channels", 257), ("max-sessions", 0),
                         ("max-io-size", 1), ("max-initiator-bytes", 1)):
        refused(errno.ERANGE, "out of range", nl.do, "target-set", {**TARGET, limit: value})
    refused(errno.EINVAL, "32 hexadecimal digits", nl.do, "reject-forget", {"initiator": "x"})
    refused(errno.ENOENT, "refused of late", nl.do, "reject-forget", {"initiator": "0x" + "1" * 32})


def writing(nl):
    """Limits, reset, close."""
    nl.do("target-set", {**TARGET, "max-channels": 7, "max-initiator-bytes": 1 << 36})
    tpg, = nl.dump("target-get", {})
    same("limits", (tpg["max-channels"], tpg["max-initiator-bytes"], tpg["max-sessions"]),
         (7, 1 << 36, 1024))
    nl.do("stats-reset", {"id": 5})
    holds("counters are zero", not any(nl.do("session-get", {"id": 5})["stats"]["read-latency"]))
    same("others are not", nl.do("session-get", {"id": 6})["stats"]["read-cmds"], 6 * CHANNELS)
    nl.do("stats-reset", {})
    holds("all counters are zero",
          all(s["stats"]["read-cmds"] == 0 for s in nl.dump("session-get", {})))
    nl.do("session-close", {"id": 9})
    refused(errno.ENOENT, "no session", nl.do, "session-get", {"id": 9})
    same("sessions left", len(nl.dump("session-get", {})), SESSIONS - 1)


def rejects(nl):
    """The table of refused logins and its bounds."""
    poke("refuse", "1 20")
    entry, = nl.dump("reject-get", {})
    same("entry", (entry["initiator"], entry["count"], entry["reason"], entry["text"]),
         (f"0x{0xb000:032x}", 20, "0x10006", "no ACL"))
    same("withheld lines", entry["not-logged"], 15)
    poke("refuse", "10 1")
    same("entries", len(nl.dump("reject-get", {})), 10)
    nl.do("reject-forget", {"initiator": f"0x{0xb003:032x}"})
    names = [r["initiator"] for r in nl.dump("reject-get", {})]
    holds("one is forgotten", len(names) == 9 and f"0x{0xb003:032x}" not in names)
    poke("refuse", "5000 1")
    holds("one source gets no more than its share", len(nl.dump("reject-get", {})) <= 256)
    module = nl.do("module-get", {})
    same("refused", module["rejects"], 5030)
    holds("withheld and evicted are counted", module["rejects-not-logged"] >= 4900
          and module["rejects-evicted"] >= 4700)
    nl.do("reject-forget", {})
    same("none left", nl.dump("reject-get", {}), [])


def events(nl):
    """Each kind of event, and how often refusals are told."""
    ears = Events()
    poke("event", "login")
    event = ears.next("login-ntf")
    same("login", (event["session-id"], event["initiator"]), (1, f"0x{0xa000:032x}"))
    poke("event", "port")
    same("port", ears.next("port-ntf")["device"], "rxe0")
    nl.do("session-close", {"id": 1})
    event = ears.next("logout-ntf")
    same("logout", (event["session-id"], event["cause"], event["cause-text"]),
         (1, "admin", "closed by the administrator"))
    nl.do("reject-forget", {})
    poke("refuse", "1 100")
    told = [ears.next("reject-ntf")["count"]]
    ears.client.check_ntf()
    told += [e["msg"]["count"] for e in ears.client.async_msg_queue]
    holds(f"refusals are told at the rate of the log: {told}", 1 <= len(told) <= 5)


def unprivileged():
    """Without CAP_NET_ADMIN: the module and its ports, nothing else."""
    pid = os.fork()
    if pid:
        status = os.waitpid(pid, 0)[1]
        same("unprivileged part", os.waitstatus_to_exitcode(status), 0)
        return
    os.setgroups([])
    os.setresgid(65534, 65534, 65534)
    os.setresuid(65534, 65534, 65534)
    nl = connect()
    same("ports", len(nl.dump("port-get", {})), 1)
    same("module", nl.do("module-get", {})["sessions"] > 0, True)
    for call, args in ((nl.dump, ("target-get", {})), (nl.dump, ("session-get", {})),
                       (nl.dump, ("channel-get", {})), (nl.dump, ("reject-get", {})),
                       (nl.do, ("session-get", {"id": 2})), (nl.do, ("session-close", {"id": 2})),
                       (nl.do, ("stats-reset", {})), (nl.do, ("reject-forget", {})),
                       (nl.do, ("target-set", {**TARGET, "max-channels": 1}))):
        try:
            call(*args)
        except NlError as err:
            same(f"errno of {args}", err.error, errno.EPERM)
        else:
            sys.exit(f"allowed without privilege: {args}")
    try:
        connect().ntf_subscribe("events")
    except PermissionError:
        os._exit(0)
    sys.exit("joined the events without privilege")


def main():
    nl = connect()
    for part in (reading, refusing, writing, rejects, events):
        part(nl)
        print(f"{part.__name__}: ok")
    unprivileged()
    print("unprivileged: ok")


main()
