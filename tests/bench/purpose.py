#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""What the instructions of an I/O are for: functions put together by purpose.

purpose.py DIRECTORY JOB prints it for one run.
"""
import json
import pathlib
import re
import sys

# The first that fits "MODULE FUNCTION".
PURPOSES = [(text, re.compile(rule)) for text, rule in (
    ("clearing memory: `init_on_alloc`, mostly of packets", r"kernel (memset|__memset|clear_page)"),
    ("copying payload into packets and out of them", r"kernel (memcpy|__memcpy)|rdma_rxe (copy_data|rxe_mr_copy)"),
    ("checksums of packets", r"crc32|kernel (crc32|crypto_shash|kernel_fpu|irq_fpu)|rdma_rxe .*crc"),
    ("the rest of soft-RoCE", r"rdma_rxe |kernel (xa_|xas_)"),
    ("the network stack below it",
     r"kernel .*(skb|siphash|netif|backlog|net_rx|loopback|local_bh|ipv4|dst_|tasklet|softirq)|kernel (__)?(ip|udp|dev|nf)_"),
    ("the memory allocator", r"kernel .*(kmem_cache|kmalloc|slab|cache_from_obj|mempool|kfree|page_frag|free_unref|get_page_from)"),
    ("the block layer, of initiator and target",
     r"kernel .*(blk|bio|sbitmap|elv|deadline|rq_qos|wbt|bvec|hctx|flush_plug)|kernel (__)?dd_|kernel rq_|null_blk"),
    ("fio, its system calls and its pages",
     r"user|kernel .*(syscall|aio|iov_iter|SYSCALL|io_submit|getevents|file|user_pages|ioctx|read_events|user|sysret|x64_sys|folio)"),
    ("`ib_srp` and SCSI", r"ib_srp |scsi_mod|sd_mod|scsi_common|scsi_dh|kernel (__)?sg_"),
    ("`ib_srpt`", r"ib_srpt "),
    ("LIO", r"target_core"),
    ("NVMe, of initiator and target", r"nvme"),
    ("`ib_core`", r"ib_core|rdma_cm"),
    ("the scheduler, workqueues and clocks",
     r"kernel .*(sched|switch|enqueue|dequeue|task|psi|load_avg|work|update_curr|entity|clock|ktime|tsc|timer|wake|cpu)"),
    ("locks, RCU and lists", r"kernel .*(lock|rcu|list|rb_|refcount|find_)"),
)]
OTHER = "the rest"


def purposes(job):
    """{purpose: instructions}; what no rule or no listed function says is the rest."""
    out = {}
    for function in job["functions"]:
        name = f"{function['module']} {function['function']}"
        text = next((text for text, rule in PURPOSES if rule.match(name)), OTHER)
        out[text] = out.get(text, 0) + function["instructions"]
    out[OTHER] = out.get(OTHER, 0) + job["instructions"] - sum(out.values())
    return out


def main():
    result = json.loads((pathlib.Path(sys.argv[1]) / "result.json").read_text(encoding="utf-8"))
    for text, instructions in sorted(purposes(result["jobs"][sys.argv[2]]).items(), key=lambda item: -item[1]):
        print(f"{instructions:9,.0f}  {text}")


if __name__ == "__main__":
    main()
