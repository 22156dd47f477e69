/*
 * What the tests of merging share: a store in a folder of its own, rows as
 * tables write them, dumps made of them, and orders as text.
 */
#ifndef TESTS_STORE_MERGE_KIT_H
#define TESTS_STORE_MERGE_KIT_H

#include <stdbool.h>
#include <stdint.h>
#include "store/store.h"

/* Rows in tables leave out what they do not have. */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

/* A row of a dump; 0 and NULL are empty cells.  A line of 0 ends a list. */
struct row {
	unsigned long line;
	const char *id;
	int64_t create, update;
	const char *status, *client_ids, *phones, *emails;
	int64_t revenue, cost;
	bool skip, auto_id;
	const char *client, *name;
};

struct kit {
	char dir[64];
	struct store *store;
	int64_t dump;       /* the last one merged */
	size_t sort_memory; /* 1 MiB unless set */
	struct merge_rules rules;
	char rejected[4096]; /* "3:empty_status 4:id_variant=1 …" of the last
			      * dump */
};

void kit_open(struct kit *k);
void kit_close(struct kit *k); /* removes the folder */
void kit_reopen(struct kit *k);

/* One dump, in one transaction, into the ledger too.  Fails the test unless
 * every record is in a bucket. */
struct tally kit_merge(struct kit *k, const struct row *row, size_t rows);

/* "accepted unchanged superseded skipped rejected" */
void kit_buckets(char out[64], const struct tally *t);

/* "ID create STATUS revenue cost ids phones emails dump:line [frozen]", each
 * empty field "-"; "none". */
void kit_order(struct kit *k, char out[512], const char *id);
void kit_text(char out[512], const struct order *o);

/* Publishes orders of from … to at mtime, and pulls a version. */
int64_t kit_publish(struct kit *k, int64_t mtime, int64_t from, int64_t to);
void kit_pull(struct kit *k, int64_t mtime);

#endif
