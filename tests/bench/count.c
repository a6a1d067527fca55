// SPDX-License-Identifier: GPL-2.0
/*
 * A plugin for QEMU's software emulation: how often each block of instructions
 * was executed, between one mark and the next.
 *
 * A mark is the instruction "xchg %bx,%bx", which no compiler emits (see mark.c).
 * At each one FILE.N is written, N counting from 1: a line for every block that
 * ran since the mark before, with its address, its number of instructions and how
 * often it ran.  Who the block belonged to is found out afterwards (see report).
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * What of QEMU's plugin interface is used, version 1 of it (QEMU 4.2 to 9.0):
 * Debian's QEMU comes without a header for it.
 */
#define EXPORT __attribute__((visibility("default")))

typedef uint64_t qemu_plugin_id_t;
typedef struct qemu_info_t qemu_info_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
enum { QEMU_PLUGIN_CB_NO_REGS };
enum { QEMU_PLUGIN_INLINE_ADD_U64 };

void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id,
					   void (*cb)(qemu_plugin_id_t id,
						      struct qemu_plugin_tb *tb));
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb,
						 size_t idx);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *insn);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *insn);
void *qemu_plugin_insn_haddr(const struct qemu_plugin_insn *insn);
void qemu_plugin_register_vcpu_tb_exec_inline(struct qemu_plugin_tb *tb, int op,
					      void *ptr, uint64_t imm);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn,
					    void (*cb)(unsigned int vcpu, void *data),
					    int flags, void *data);

EXPORT int qemu_plugin_version = 1;

struct block {
	struct block *next;
	uint64_t address;
	/* Two domains may have different code at one address. */
	void *host_address;
	uint64_t nr_instructions;
	uint64_t runs;
	uint64_t runs_at_mark;
};

#define BUCKET_BITS 20
#define CHUNK_BLOCKS (1 << 16)

/* Blocks lie together, as each mark looks at all of them. */
struct chunk {
	struct chunk *next;
	size_t used;
	struct block blocks[CHUNK_BLOCKS];
};

static struct block *buckets[1 << BUCKET_BITS];
static struct chunk *chunks;
static char *file;
static unsigned int marks;

static struct block *new_block(void)
{
	struct chunk *c = chunks;

	if (!c || c->used == CHUNK_BLOCKS) {
		c = calloc(1, sizeof(*c));
		if (!c)
			abort();
		c->next = chunks;
		chunks = c;
	}
	return &c->blocks[c->used++];
}

static struct block **bucket_of(uint64_t address, void *host_address, uint64_t n)
{
	uint64_t hash = (address ^ (uint64_t)(uintptr_t)host_address << 20) + n;

	return &buckets[(hash * 0x9e3779b97f4a7c15) >> (64 - BUCKET_BITS)];
}

static struct block *block_of(uint64_t address, void *host_address, uint64_t n)
{
	struct block **head = bucket_of(address, host_address, n), *b;

	for (b = *head; b; b = b->next)
		if (b->address == address && b->host_address == host_address &&
		    b->nr_instructions == n)
			return b;
	b = new_block();
	b->address = address;
	b->host_address = host_address;
	b->nr_instructions = n;
	b->next = *head;
	*head = b;
	return b;
}

static void write_block(FILE *out, struct block *b)
{
	uint64_t runs = b->runs - b->runs_at_mark;

	b->runs_at_mark = b->runs;
	if (runs)
		fprintf(out, "%" PRIx64 " %" PRIx64 " %" PRIu64 " %" PRIu64 "\n",
			b->address, (uint64_t)(uintptr_t)b->host_address,
			b->nr_instructions, runs);
}

static void mark(unsigned int vcpu, void *data)
{
	struct chunk *c;
	char name[4096];
	FILE *out;
	size_t i;

	(void)vcpu;
	(void)data;
	snprintf(name, sizeof(name), "%s.%u", file, ++marks);
	out = fopen(name, "w");
	if (!out) {
		perror(name);
		exit(1);
	}
	for (c = chunks; c; c = c->next)
		for (i = 0; i < c->used; i++)
			write_block(out, &c->blocks[i]);
	fclose(out);
}

static bool is_mark(const struct qemu_plugin_insn *insn)
{
	return qemu_plugin_insn_size(insn) == 3 &&
	       !memcmp(qemu_plugin_insn_data(insn), "\x66\x87\xdb", 3);
}

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	size_t n = qemu_plugin_tb_n_insns(tb), i;
	struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, 0);
	struct block *b = block_of(qemu_plugin_tb_vaddr(tb),
				   qemu_plugin_insn_haddr(insn), n);

	(void)id;
	qemu_plugin_register_vcpu_tb_exec_inline(tb, QEMU_PLUGIN_INLINE_ADD_U64,
						 &b->runs, 1);
	for (i = 0; i < n; i++) {
		insn = qemu_plugin_tb_get_insn(tb, i);
		if (is_mark(insn))
			qemu_plugin_register_vcpu_insn_exec_cb(insn, mark,
							       QEMU_PLUGIN_CB_NO_REGS,
							       NULL);
	}
}

EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info,
			       int argc, char **argv)
{
	(void)info;
	if (argc != 1 || strncmp(argv[0], "out=", 4)) {
		fprintf(stderr, "count: expected one argument, out=PREFIX\n");
		return 1;
	}
	file = strdup(argv[0] + 4);
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	return 0;
}
