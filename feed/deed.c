#include "feed/deed.h"

deed_fn *const deeds[COMMAND_OPS] = {
	[COMMAND_PUBLISH] = NULL, /* ingest_main's own */
	[COMMAND_APPROVE] = deed_approve,
	[COMMAND_REJECT] = deed_reject,
	[COMMAND_WITHDRAW] = deed_withdraw,
	[COMMAND_REPROCESS] = deed_reprocess,
	[COMMAND_ORDER] = deed_order,
	[COMMAND_ERASE] = deed_erase,
};
