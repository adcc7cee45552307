// SPDX-License-Identifier: GPL-2.0
/*
 * A QEMU plugin that counts the instructions a guest executes between two
 * markers, by the address of the translation block they are in.
 *
 * Each block adds 1 to a counter of its own when it begins. At the first marker
 * the counters' values are remembered, at the second what was added is written
 * as "ADDRESS INSTRUCTIONS TIMES" after a line "phase N". For processors that
 * take turns in one thread: nothing here is protected against a second one.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "marker.h"
#include "qemu_plugin.h"

#define BUCKETS	(1u << 18)

/* A block as translated; the same code translated again is the same block. */
struct block {
	struct block *next;
	uint64_t addr;
	uint64_t insns;
	uint64_t count;
	uint64_t base;
};

static struct block *blocks[BUCKETS];
static FILE *out;
static unsigned int phase;
static bool counting;

QEMU_PLUGIN_EXPORT int qemu_plugin_version = 1;

static struct block *block_find(uint64_t addr, uint64_t insns)
{
	uint64_t hash = (addr ^ insns << 40) * UINT64_C(0x9e3779b97f4a7c15);
	struct block **head = &blocks[hash >> 46], *b;

	for (b = *head; b; b = b->next)
		if (b->addr == addr && b->insns == insns)
			return b;
	b = calloc(1, sizeof(*b));
	if (!b)
		abort();
	b->addr = addr;
	b->insns = insns;
	b->next = *head;
	*head = b;
	return b;
}

static void begin(unsigned int vcpu, void *data)
{
	(void)vcpu;
	(void)data;
	for (size_t i = 0; i < BUCKETS; i++)
		for (struct block *b = blocks[i]; b; b = b->next)
			b->base = b->count;
	counting = true;
}

static void end(unsigned int vcpu, void *data)
{
	(void)vcpu;
	(void)data;
	if (!counting)
		return;
	counting = false;
	fprintf(out, "phase %u\n", phase++);
	for (size_t i = 0; i < BUCKETS; i++)
		for (struct block *b = blocks[i]; b; b = b->next)
			if (b->count != b->base)
				fprintf(out, "%" PRIx64 " %" PRIu64 " %" PRIu64 "\n", b->addr, b->insns,
					b->count - b->base);
	fflush(out);
}

static uint32_t marker_of(const struct qemu_plugin_insn *insn)
{
	static const uint8_t opcode[] = MARK_OPCODE;
	const uint8_t *data;
	uint32_t mark;

	if (qemu_plugin_insn_size(insn) != MARK_SIZE)
		return 0;
	data = qemu_plugin_insn_data(insn);
	if (memcmp(data, opcode, sizeof(opcode)))
		return 0;
	memcpy(&mark, data + sizeof(opcode), sizeof(mark));
	return mark;
}

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	size_t n = qemu_plugin_tb_n_insns(tb);
	struct block *b = block_find(qemu_plugin_tb_vaddr(tb), n);

	(void)id;
	qemu_plugin_register_vcpu_tb_exec_inline(tb, QEMU_PLUGIN_INLINE_ADD_U64, &b->count, 1);
	for (size_t i = 0; i < n; i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);

		switch (marker_of(insn)) {
		case MARK_BEGIN:
			qemu_plugin_register_vcpu_insn_exec_cb(insn, begin, QEMU_PLUGIN_CB_NO_REGS, NULL);
			break;
		case MARK_END:
			qemu_plugin_register_vcpu_insn_exec_cb(insn, end, QEMU_PLUGIN_CB_NO_REGS, NULL);
			break;
		}
	}
}

static void finished(qemu_plugin_id_t id, void *data)
{
	(void)id;
	(void)data;
	fclose(out);
}

QEMU_PLUGIN_EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_plugin_info *info,
					   int argc, char **argv)
{
	(void)info;
	for (int i = 0; i < argc; i++)
		if (!strncmp(argv[i], "out=", 4))
			out = fopen(argv[i] + 4, "w");
	if (!out) {
		fprintf(stderr, "count: no file to write to (out=FILE)\n");
		return -1;
	}
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	qemu_plugin_register_atexit_cb(id, finished, NULL);
	return 0;
}
