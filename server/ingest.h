/*
 * ingest: the process that owns inbox, store, published files, reports,
 * archive and audit; it has no network.  ingest_dump is the one place that
 * knows the order of the line a dump travels.
 */
#ifndef SERVER_INGEST_H
#define SERVER_INGEST_H

#include <stdint.h>
#include "formats/settings.h"
#include "server/audit.h"
#include "server/conf.h"
#include "server/err.h"
#include "server/store.h"
#include "server/wire.h"

struct ingest {
        const struct conf *conf;
        struct store *store;
        struct audit *audit;
        void (*breathe)(void *ctx); /* called now and then in long work */
        void *ctx;
        void (*progress)(void *ctx, uint64_t done, uint64_t bytes);
};

/* 0: merged or known already; 1: refused (d->reason says why, in plain
 * words); -1: the world is bad, the dump stays where it is. */
int ingest_dump(struct ingest *in, const struct feed *f,
    const struct settings *source, const char *name, int fd, int64_t at,
    struct dump_entry *d, struct err *e);

/* convdrop to the running ingest, over state/control. */
enum command_op { COMMAND_PUBLISH, COMMAND_SYNC };
struct command { /* WIRE_COMMAND */
        struct wire head;
        uint32_t op;
        uint32_t force, touch, pad;
        char feed[FEED_NAME_MAX + 1];
        char reason[256];
        char actor[64];
};
struct answer { /* WIRE_ANSWER */
        struct wire head;
        int32_t status; /* the exit status convdrop ends with */
        uint32_t pad;
        char text[512];
};

struct worker;
int ingest_main(struct worker *w);

#endif
