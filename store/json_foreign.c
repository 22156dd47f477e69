/*
 * See json_foreign.h.
 */
#include "store/json_foreign.h"

#include <string.h>

#include "server/log.h"

json_t *
json_foreign(const char *s)
{
	char safe[1200];
	json_t *j = json_string(s == NULL ? "" : s);

	return j != NULL
		   ? j
		   : json_string(log_safe(safe, sizeof safe, s, strlen(s)));
}
