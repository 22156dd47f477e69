/*
 * What a worker says to its parent.
 */
#include "server/worker.h"

#include "server/log.h"
#include "server/wire.h"

void
worker_ready(const struct worker *w)
{
	if (wire_send_plain(w->control, WIRE_READY, 0, -1) == -1)
		log_error("The parent is gone.");
}
