// SPDX-License-Identifier: GPL-2.0
/*
 * Names of initiators: text to binary and back, and how well one fits.
 *
 * People copy these names from many places: the target's log, ibstat,
 * /sys/class/infiniband, saved targetcli configurations, ip addr. Each place
 * writes the same 64 or 128 bits in another way. They become one binary form
 * when an ACL is made; what is compared at login is that form only.
 */
#include "ident.h"

#define IDENT_MAX_TEXT		80	/* more than any accepted form needs */
#define GUID_DIGITS		16
#define ID128_DIGITS		32
#define GROUP_MAX		8	/* 32 digits in groups of 4 */

static const u8 v4_mapped[12] = { [10] = 0xff, [11] = 0xff };

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* Length of @word if the text begins with it in any case, else 0. */
static size_t prefix_len(const char *s, size_t len, const char *word)
{
	size_t n = strlen(word);
	size_t i;

	if (len < n)
		return 0;
	for (i = 0; i < n; i++) {
		char c = s[i];

		if (c >= 'A' && c <= 'Z')
			c = (char)(c - 'A' + 'a');
		if (c != word[i])
			return 0;
	}
	return n;
}

/*
 * Hex digits in one group of 16 or 32, or in groups of 4 or 16 with one kind
 * of separator between them. Fills @out from its first byte; returns the
 * number of digits (16 or 32), 0 if the text is anything else. @group tells
 * the size of the groups.
 */
static unsigned int parse_groups(const char *s, size_t len, u8 out[16],
				 unsigned int *group)
{
	unsigned int digits = 0, in_group = 0, size = 0;
	char sep = 0;
	size_t i;
	int v;

	for (i = 0; i < len; i++) {
		if (s[i] == ':' || s[i] == '-') {
			if (sep && s[i] != sep)
				return 0;
			if (size && in_group != size)
				return 0;
			sep = s[i];
			size = in_group;
			if (size != 4 && size != GUID_DIGITS)
				return 0;
			in_group = 0;
			continue;
		}
		v = hex_value(s[i]);
		if (v < 0 || digits == ID128_DIGITS)
			return 0;
		if (digits & 1)
			out[digits / 2] |= (u8)v;
		else
			out[digits / 2] = (u8)(v << 4);
		digits++;
		in_group++;
	}
	if (size && in_group != size)
		return 0;
	*group = size ? size : digits;
	return digits == GUID_DIGITS || digits == ID128_DIGITS ? digits : 0;
}

/* "0x" and 1 to 16 digits. */
static bool parse_hex64(const char *s, size_t len, u64 *out)
{
	size_t i = prefix_len(s, len, "0x");
	u64 value = 0;
	int v;

	if (!i || len == i || len - i > GUID_DIGITS)
		return false;
	for (; i < len; i++) {
		v = hex_value(s[i]);
		if (v < 0)
			return false;
		value = value << 4 | (u64)v;
	}
	*out = value;
	return true;
}

/*
 * Extension and GUID as the log prints them, 0x7edd770000751100:0x1175000077d708:
 * leading zeros are missing, so the halves are only told apart by their 0x.
 */
static bool parse_pair(const char *s, size_t len, u8 out[16])
{
	u64 ext, guid;
	size_t i;

	for (i = 0; i < len && s[i] != ':'; i++)
		;
	if (i == len || !parse_hex64(s, i, &ext) ||
	    !parse_hex64(s + i + 1, len - i - 1, &guid))
		return false;
	proto_put_be64(out, ext);
	proto_put_be64(out + 8, guid);
	return true;
}

/* Strict dotted quad; leading zeros are refused, some read them as octal. */
static bool parse_ipv4(const char *s, size_t len, u8 out[4])
{
	unsigned int part = 0, digits = 0, value = 0;
	size_t i;

	for (i = 0; i <= len; i++) {
		if (i == len || s[i] == '.') {
			if (!digits || part > 3)
				return false;
			out[part++] = (u8)value;
			digits = 0;
			value = 0;
			continue;
		}
		if (s[i] < '0' || s[i] > '9' || (digits && !value))
			return false;
		value = value * 10 + (unsigned int)(s[i] - '0');
		digits++;
		if (value > 255)
			return false;
	}
	return part == 4;
}

/*
 * IPv6 text (RFC 4291 2.2): groups of 1 to 4 digits, "::" once for one or
 * more groups of zeros, the last 32 bits possibly as a dotted quad.
 */
static bool parse_ipv6(const char *s, size_t len, u8 out[16])
{
	unsigned int n = 0, gap = 0, digits, value;
	bool has_gap = false;
	u16 group[GROUP_MAX];
	size_t i = 0, start;
	u8 quad[4];
	int v;

	if (len >= 2 && s[0] == ':' && s[1] == ':') {
		has_gap = true;
		i = 2;
	}
	while (i < len) {
		if (n == GROUP_MAX)
			return false;
		start = i;
		value = 0;
		digits = 0;
		while (i < len) {
			v = hex_value(s[i]);
			if (v < 0)
				break;
			value = value << 4 | (unsigned int)v;
			if (++digits > 4)
				return false;
			i++;
		}
		if (i < len && s[i] == '.') {
			if (n > GROUP_MAX - 2 ||
			    !parse_ipv4(s + start, len - start, quad))
				return false;
			group[n++] = proto_get_be16(quad);
			group[n++] = proto_get_be16(quad + 2);
			break;
		}
		if (!digits)
			return false;
		group[n++] = (u16)value;
		if (i == len)
			break;
		if (s[i++] != ':' || i == len)
			return false;
		if (s[i] == ':') {
			if (has_gap)
				return false;
			has_gap = true;
			gap = n;
			i++;
		}
	}
	if (has_gap ? n >= GROUP_MAX : n != GROUP_MAX)
		return false;

	memset(out, 0, 16);
	for (i = 0; i < n; i++)
		proto_put_be16(out + 2 * (i < gap || !has_gap ? i : i + GROUP_MAX - n),
			       group[i]);
	return true;
}

static void set_id128(struct proto_ident *out, const u8 id[16], bool ip_text)
{
	out->kind = PROTO_IDENT_ID128;
	/* Only text that looks like an address can mean an IPv4 address. */
	if (ip_text && !memcmp(id, v4_mapped, sizeof(v4_mapped)))
		out->kind = PROTO_IDENT_IPV4;
	memcpy(out->id, id, 16);
}

static void set_guid(struct proto_ident *out, const u8 guid[8],
		     enum proto_ident_kind kind)
{
	out->kind = kind;
	memset(out->id, 0, 8);
	memcpy(out->id + 8, guid, 8);
}

/* @s follows the "*" */
static int parse_wild(const char *s, size_t len, struct proto_ident *out)
{
	unsigned int group;
	u8 id[16];
	size_t n;

	if (len && (s[0] == ':' || s[0] == '-')) {
		s++;
		len--;
	}
	n = prefix_len(s, len, "0x");
	if (parse_groups(s + n, len - n, id, &group) != GUID_DIGITS)
		return -EINVAL;
	set_guid(out, id, PROTO_IDENT_WILD_EXT);
	return 0;
}

int proto_ident_parse(const char *s, size_t len, struct proto_ident *out)
{
	unsigned int digits, group;
	size_t i, n, skip;
	bool colon = false;
	u8 id[16];

	if (!len || len > IDENT_MAX_TEXT)
		return -EINVAL;
	if (s[0] == '*')
		return parse_wild(s + 1, len - 1, out);

	if (parse_ipv4(s, len, id + 12)) {
		memcpy(id, v4_mapped, sizeof(v4_mapped));
		set_id128(out, id, true);
		return 0;
	}

	skip = prefix_len(s, len, "ib.");
	if (!skip)
		skip = prefix_len(s, len, "eui.");
	if (parse_pair(s + skip, len - skip, id)) {
		set_id128(out, id, false);
		return 0;
	}
	n = skip + prefix_len(s + skip, len - skip, "0x");
	for (i = n; i < len; i++)
		colon |= s[i] == ':';
	digits = parse_groups(s + n, len - n, id, &group);
	if (digits == ID128_DIGITS) {
		set_id128(out, id, !n && group == 4 && colon);
		return 0;
	}
	if (digits == GUID_DIGITS) {
		set_guid(out, id, PROTO_IDENT_GUID);
		return 0;
	}
	if (!n && parse_ipv6(s, len, id)) {
		set_id128(out, id, true);
		return 0;
	}
	return -EINVAL;
}

/* @n bytes as hex digits, a colon after each @group bytes (0: none) */
static size_t put_hex(char *dst, const u8 *src, size_t n, size_t group)
{
	static const char digit[] = "0123456789abcdef";
	size_t len = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		if (group && i && i % group == 0)
			dst[len++] = ':';
		dst[len++] = digit[src[i] >> 4];
		dst[len++] = digit[src[i] & 0xf];
	}
	return len;
}

/* Hand @len bytes of @text out if they and a NUL fit. */
static int put_text(char *buf, size_t cap, const char *text, size_t len)
{
	if (len >= cap)
		return -ENOSPC;
	memcpy(buf, text, len);
	buf[len] = '\0';
	return (int)len;
}

int proto_id128_format(const u8 id[16], char *buf, size_t cap)
{
	char text[PROTO_IDENT_STRLEN] = "0x";

	return put_text(buf, cap, text, 2 + put_hex(text + 2, id, 16, 0));
}

int proto_ident_format(const struct proto_ident *id, char *buf, size_t cap)
{
	char text[PROTO_IDENT_STRLEN] = "*:";
	size_t len = 0;

	switch (id->kind) {
	case PROTO_IDENT_ID128:
		return proto_id128_format(id->id, buf, cap);
	case PROTO_IDENT_GUID:
		len = put_hex(text, id->id + 8, 8, 2);
		break;
	case PROTO_IDENT_WILD_EXT:
		len = 2 + put_hex(text + 2, id->id + 8, 8, 2);
		break;
	case PROTO_IDENT_IPV4:
		len = (size_t)scnprintf(text, sizeof(text), "%u.%u.%u.%u",
					id->id[12], id->id[13], id->id[14],
					id->id[15]);
		break;
	case PROTO_IDENT_NONE:
		return -EINVAL;
	}
	return put_text(buf, cap, text, len);
}

int proto_ident_match(const struct proto_ident *acl,
		      const struct proto_initiator *who)
{
	bool by_sgid = who->has_sgid && !memcmp(acl->id, who->sgid, 16);
	bool by_ip = who->has_ip && !memcmp(acl->id, who->ip, 16);

	switch (acl->kind) {
	case PROTO_IDENT_ID128:
		if (!memcmp(acl->id, who->i_port_id, 16))
			return 5;
		if (by_sgid)
			return 4;
		return by_ip ? 3 : 0;
	case PROTO_IDENT_IPV4:
		/* The GID of a RoCE port is its IP address. */
		return by_ip || by_sgid ? 3 : 0;
	case PROTO_IDENT_GUID:
		if (!memcmp(acl->id + 8, who->i_port_id + 8, 8))
			return 2;
		return who->has_sgid &&
		       !memcmp(acl->id + 8, who->sgid + 8, 8) ? 2 : 0;
	case PROTO_IDENT_WILD_EXT:
		return memcmp(acl->id + 8, who->i_port_id + 8, 8) ? 0 : 1;
	case PROTO_IDENT_NONE:
		break;
	}
	return 0;
}

bool proto_ident_equal(const struct proto_ident *a, const struct proto_ident *b)
{
	return a->kind == b->kind && !memcmp(a->id, b->id, sizeof(a->id));
}
