// SPDX-License-Identifier: GPL-2.0
/*
 * Names of initiators. Input: the text.
 */
#include "fuzz.h"
#include "ident.h"

/* Canonical text reads back as the same name. */
static void check_round_trip(const struct proto_ident *id)
{
	char text[PROTO_IDENT_STRLEN];
	struct proto_ident again;
	int n = proto_ident_format(id, text, sizeof(text));
	char *exact;

	MUST(n > 0 && n < PROTO_IDENT_STRLEN && strlen(text) == (size_t)n);
	MUST(!proto_ident_parse(text, (size_t)n, &again));
	MUST(proto_ident_equal(id, &again));
	exact = malloc((size_t)n + 1);
	MUST(proto_ident_format(id, exact, (size_t)n) == -ENOSPC);
	MUST(proto_ident_format(id, exact, (size_t)n + 1) == n);
	free(exact);
}

/* Case does not matter in any form. */
static void check_case(const u8 *data, size_t size, const struct proto_ident *id)
{
	struct proto_ident other;
	char *text = malloc(size);
	size_t i;

	for (i = 0; i < size; i++)
		text[i] = (char)(data[i] >= 'a' && data[i] <= 'z' ?
				 data[i] - 'a' + 'A' : data[i]);
	MUST(!proto_ident_parse(text, size, &other));
	MUST(proto_ident_equal(id, &other));
	free(text);
}

static void check_match(const struct proto_ident *id)
{
	struct proto_initiator who = { .has_sgid = false };

	memset(who.i_port_id, 0xa5, 16);
	memcpy(who.sgid, id->id, 16);
	memcpy(who.ip, id->id, 16);
	/* Bytes that are not valid must not count. */
	if (proto_get_be64(id->id + 8) != 0xa5a5a5a5a5a5a5a5)
		MUST(proto_ident_match(id, &who) == 0);
	who.has_ip = true;
	if (id->kind == PROTO_IDENT_ID128 || id->kind == PROTO_IDENT_IPV4)
		MUST(proto_ident_match(id, &who) >= 3);
	memcpy(who.i_port_id, id->id, 16);
	MUST(proto_ident_match(id, &who) ==
	     (id->kind == PROTO_IDENT_ID128 ? 5 :
	      id->kind == PROTO_IDENT_IPV4 ? 3 :
	      id->kind == PROTO_IDENT_GUID ? 2 : 1));
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct proto_ident id, untouched;

	memset(&id, 0xee, sizeof(id));
	memcpy(&untouched, &id, sizeof(id));
	if (proto_ident_parse((const char *)data, size, &id)) {
		MUST(!memcmp(&id, &untouched, sizeof(id)));
		return 0;
	}
	MUST(id.kind >= PROTO_IDENT_ID128 && id.kind <= PROTO_IDENT_IPV4);
	check_round_trip(&id);
	check_case(data, size, &id);
	check_match(&id);
	return 0;
}
