/*
 * Archived files that lie stored and are to be packed (packing.h).
 */
#include "store/store_private.h"

int
store_unpacked_add(
    struct store *s, const char *path, int64_t publication, struct err *e)
{
	return store_run(s, SQL_UNPACKED_ADD, e, "si", path, publication);
}

int
store_unpacked_found(struct store *s, const char *path, struct err *e)
{
	return store_run(s, SQL_UNPACKED_FOUND, e, "s", path);
}

int
store_unpacked_drop(struct store *s, const char *path, struct err *e)
{
	return store_run(s, SQL_UNPACKED_DROP, e, "s", path);
}

int
store_unpacked_next(
    struct store *s, char path[512], int64_t *publication, struct err *e)
{
	sqlite3_stmt *q = store_kept(s, SQL_UNPACKED_NEXT, e);
	int rc;

	if (q == NULL)
		return -1;
	rc = store_step(s, q, e);
	if (rc == 1) {
		store_text(q, 0, path, 512);
		*publication = sqlite3_column_int64(q, 1);
	}
	sqlite3_reset(q);
	return rc;
}

int
store_unpacked_has(struct store *s, int64_t publication, struct err *e)
{
	int64_t n;

	return store_ask(s, SQL_UNPACKED_HAS, &n, e, "i", publication) == -1
		   ? -1
		   : n > 0;
}
