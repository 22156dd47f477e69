/*
 * The ingest process's loop, shared by its two halves: ingest_main.c, which
 * takes dumps and publishes, and ingest_command.c, which does what convdrop
 * asks for.  Nobody else includes this.
 */
#ifndef FEED_INGEST_LOOP_H
#define FEED_INGEST_LOOP_H

#include "feed/heard.h"
#include "feed/ingest.h"
#include "feed/overview.h"
#include "feed/packing.h"
#include "feed/publish.h"

#define RETRY_MS 5000

/* What is wrong, by what it is wrong with; the first one is shown. */
enum trouble {
	TROUBLE_INBOX,
	TROUBLE_DUMP,
	TROUBLE_PUBLISH,
	TROUBLES
};

/* A feed's publishing. */
struct turn {
	bool dirty;
	bool fails;
	int64_t due;           /* wall clock: look again though nothing came */
	int64_t not_before_ms; /* monotonic: one version a second */
	int64_t published;     /* wall clock: when it was last looked at */
	struct overview_turn overview;
};

struct loop {
	struct worker *worker;
	const struct conf *conf;
	struct ingest in;
	struct watch *watch;
	struct heard heard;
	struct packing *packing;
	struct turn *turn; /* by feed */
	int64_t paused_ms; /* monotonic: no dump before then */
	int64_t purge_at, erase_at;
	unsigned tries;  /* of one dump, in a row */
	int64_t back_ms; /* monotonic: it should be handed out again by then */
	char trouble[TROUBLES][TROUBLE_BYTES];
	bool stop;
	bool busy; /* something was taken from the inbox just now */
};

/* What is wrong; "" when nothing. */
const char *loop_troubled(const struct loop *l);

/* One thing from the inbox; false when there was none. */
bool loop_take(struct loop *l);

int loop_publish(struct loop *l, const struct feed *f,
    const struct publish_order *how, enum publish_result *result,
    struct err *e);
void loop_publish_due(struct loop *l);
/* Is nothing to be published? */
bool loop_is_quiet(const struct loop *l);
int64_t loop_publish_wait_ms(const struct loop *l);

/* One command of convdrop's, which waits at worker->command. */
void loop_serve_command(struct loop *l);

#endif
