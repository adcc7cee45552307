/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The instructions by which the guest tells the counter where a measurement
 * begins and ends: no-operations with a displacement nobody else uses.
 */
#ifndef BENCH_MARKER_H
#define BENCH_MARKER_H

#define MARK_BEGIN	0x53525001
#define MARK_END	0x53525002

/* nopl disp32(%rax,%rax,1): these bytes, then the displacement */
#define MARK_OPCODE	{ 0x0f, 0x1f, 0x84, 0x00 }
#define MARK_SIZE	8

/* One of them, in a program of the guest. */
#define MARK(which) __asm__ volatile("nopl %c0(%%rax,%%rax,1)" : : "i"(which))

#endif /* BENCH_MARKER_H */
