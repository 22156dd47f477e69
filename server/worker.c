/*
 * What a worker says to its parent, and does with what it was given.
 */
#include "server/worker.h"

#include <stdlib.h>

#include "keys/secret.h"
#include "server/log.h"
#include "server/wire.h"

static void
tell_parent(const struct worker *w, enum wire_type what)
{
	if (wire_send_plain(w->control, what) == -1)
		log_error("The parent is gone.");
}

void
worker_ready(const struct worker *w)
{
	tell_parent(w, WIRE_READY);
}

void
worker_quiet(const struct worker *w)
{
	tell_parent(w, WIRE_QUIET);
}

void
worker_wipe_pem(struct worker *w)
{
	for (size_t i = 0; i < sizeof w->pem / sizeof *w->pem; i++) {
		if (w->pem[i] == NULL)
			continue;
		secret_wipe(w->pem[i], w->pem_n[i]);
		free(w->pem[i]);
		w->pem[i] = NULL;
	}
}
