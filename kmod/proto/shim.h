/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The one place where proto/ learns what it is compiled into: the kernel
 * module, the unit tests or the fuzzers. Everything else in this folder is
 * plain C without allocation, locks or I/O.
 */
#ifndef SRPT_PROTO_SHIM_H
#define SRPT_PROTO_SHIM_H

#ifdef __KERNEL__

#include <linux/types.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <linux/errno.h>
#include <linux/build_bug.h>

#else

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int32_t s32;

#ifdef __cplusplus
#define static_assert_size(type, size) static_assert(sizeof(type) == (size), #type)
#endif
#define scnprintf proto_scnprintf
#ifdef __cplusplus
extern "C" {
#endif
int proto_scnprintf(char *buf, size_t size, const char *fmt, ...);
#ifdef __cplusplus
}
#endif

#endif /* __KERNEL__ */

/* Big-endian accessors by byte: the wire promises no alignment. */
static inline u16 proto_get_be16(const void *p)
{
	const u8 *b = (const u8 *)p;

	return (u16)(b[0] << 8 | b[1]);
}

static inline u32 proto_get_be32(const void *p)
{
	const u8 *b = (const u8 *)p;

	return (u32)b[0] << 24 | (u32)b[1] << 16 | (u32)b[2] << 8 | b[3];
}

static inline u64 proto_get_be64(const void *p)
{
	return (u64)proto_get_be32(p) << 32 |
	       proto_get_be32((const u8 *)p + 4);
}

static inline void proto_put_be16(void *p, u16 v)
{
	u8 *b = (u8 *)p;

	b[0] = (u8)(v >> 8 & 0xff);
	b[1] = (u8)(v & 0xff);
}

static inline void proto_put_be32(void *p, u32 v)
{
	u8 *b = (u8 *)p;

	b[0] = (u8)(v >> 24 & 0xff);
	b[1] = (u8)(v >> 16 & 0xff);
	b[2] = (u8)(v >> 8 & 0xff);
	b[3] = (u8)(v & 0xff);
}

static inline void proto_put_be64(void *p, u64 v)
{
	proto_put_be32(p, (u32)(v >> 32));
	proto_put_be32((u8 *)p + 4, (u32)(v & 0xffffffff));
}

#endif /* SRPT_PROTO_SHIM_H */
