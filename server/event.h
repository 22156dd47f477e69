/*
 * What the other processes tell ingest, which writes the audit and the store.
 * One way, over one socket that outlives every worker.
 */
#ifndef SERVER_EVENT_H
#define SERVER_EVENT_H

#include <netinet/in.h>
#include <stdint.h>
#include "server/auth.h"
#include "server/wire.h"

enum event_kind {
        EVENT_LOGIN,
        EVENT_LOGIN_FAILED,
        EVENT_PULL_BEGIN, /* written to the store, so that a kill shows */
        EVENT_PULL_END,
        EVENT_UPLOADED,
        EVENT_ARCHIVE_READ
};

struct event { /* WIRE_EVENT */
        struct wire head;
        uint32_t kind, protocol;
        int64_t at; /* Unix seconds */
        struct in6_addr from;
        uint64_t pull;    /* unique over restarts: random */
        uint64_t bytes;   /* PULL_END: delivered */
        uint64_t size;    /* PULL_BEGIN: of the file */
        int64_t mtime;    /* of the version pulled: names it */
        uint32_t complete;
        uint32_t feed;    /* conf.feed[].index; UINT32_MAX for none */
        char user[64];    /* as in grant; for a failed login what was tried,
                           * cut and made safe */
        char path[FEED_NAME_MAX + 1 + 256]; /* "main/conversions.csv" */
};

#endif
