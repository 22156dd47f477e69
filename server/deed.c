#include "server/deed.h"

deed_fn *const deeds[COMMAND_OPS] = {
	[COMMAND_PUBLISH] = NULL, /* ingest_main's own */
	[COMMAND_APPROVE] = deed_approve,
	[COMMAND_REJECT] = deed_reject,
};
