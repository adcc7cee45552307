/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SRPT_PROTO_IDENT_H
#define SRPT_PROTO_IDENT_H

#include "wire.h"

/*
 * Names of initiators as people write them, canonicalised. Accepted:
 *
 *   32 hex digits, any case, with or without 0x or "ib.", with or without
 *   colons or dashes between groups of 4 or 16     -> ID128 (i_port_id or source GID)
 *   16 hex digits, likewise (0011:7500:0077:d708)  -> GUID  (GUID half)
 *   IPv4 dotted quad                               -> IPV4
 *   IPv6 text in any form incl. compressed and
 *   "::ffff:1.2.3.4"                               -> ID128 (v4-mapped: IPV4)
 *   "*" or "*:" before 16 hex digits               -> WILD_EXT: any extension, this GUID
 *
 * A full 8-group IPv6 text and a 128-bit ID with colons look the same and mean
 * the same: ID128 matches i_port_id, source GID or source IPv6 address.
 */
enum proto_ident_kind {
	PROTO_IDENT_NONE,
	PROTO_IDENT_ID128,
	PROTO_IDENT_GUID,
	PROTO_IDENT_WILD_EXT,
	PROTO_IDENT_IPV4,
};

/**
 * struct proto_ident - a canonical name
 * @kind:	what @id means
 * @id:		128-bit value; GUID and WILD_EXT: last 8 bytes, rest 0;
 *		IPV4: v4-mapped form (::ffff:a.b.c.d)
 */
struct proto_ident {
	enum proto_ident_kind kind;
	u8 id[16];
};

/**
 * struct proto_initiator - who is at the other end of a login
 * @i_port_id:	from the login request
 * @sgid:	source GID of the path
 * @has_sgid:	@sgid is valid
 * @ip:		source IP (v4-mapped or v6) when it came by RDMA CM over IP
 * @has_ip:	@ip is valid
 */
struct proto_initiator {
	u8 i_port_id[16];
	u8 sgid[16];
	bool has_sgid;
	u8 ip[16];
	bool has_ip;
};

#define PROTO_IDENT_STRLEN	48

/* 0, or -EINVAL with nothing written. @len excludes any NUL. */
int proto_ident_parse(const char *s, size_t len, struct proto_ident *out);
/* Canonical text: "0x%032x", "xxxx:xxxx:xxxx:xxxx" (GUID), "*:xxxx:...", "a.b.c.d". */
int proto_ident_format(const struct proto_ident *id, char *buf, size_t cap);
/* "0x" and 32 hex digits of a 128-bit value: the string an administrator pastes. */
int proto_id128_format(const u8 id[16], char *buf, size_t cap);
/* How well an ACL fits: 0 no, else rank; higher is more specific
 * (ID128 by i_port_id 5, ID128 by sgid 4, ID128/IPV4 by IP 3, GUID 2, WILD_EXT 1).
 */
int proto_ident_match(const struct proto_ident *acl,
		      const struct proto_initiator *who);
bool proto_ident_equal(const struct proto_ident *a, const struct proto_ident *b);

#endif
