/*
 * The canonical CSV of a dump.  Times are written in UTC with their suffix, so
 * that no repeated hour is guessed at when it is read again.
 */
#include "store/canon.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "formats/check.h"
#include "formats/out.h"
#include "formats/zone.h"
#include "server/bytes.h"
#include "store/temp.h"

struct canon {
	int fd;
	struct zone *utc;
	struct out out;
};

/* What only steers the mapping has done so already. */
static bool
is_kept(int field)
{
	return field != FIELD_PIPELINE && field != FIELD_LOSS_REASON;
}

static int
write_fd(void *ctx, const void *buf, size_t n)
{
	return bytes_write(*(const int *)ctx, buf, n);
}

int
canon_open(struct canon **out, const char *dir, struct err *e)
{
	struct canon *c = mem_alloc(sizeof *c);

	c->fd = temp_file(dir);
	if (c->fd == -1) {
		free(c);
		return err_set(
		    e, "make a temporary file in %s: %s", dir, strerror(errno));
	}
	c->utc = zone_utc();
	out_begin(&c->out, (struct output){ write_fd, &c->fd });
	for (int f = 0; f < FIELD_COUNT; f++) {
		if (f > 0)
			out_char(&c->out, ';');
		out_slice(&c->out, slice_of(field_info[f].name));
	}
	out_char(&c->out, '\n');
	*out = c;
	return 0;
}

void
canon_close(struct canon *c)
{
	if (c == NULL)
		return;
	close(c->fd);
	zone_free(c->utc);
	free(c);
}

static void
put_number(struct canon *c, int field, int64_t n)
{
	char when[20];

	if (n == CONV_NONE)
		return;
	switch (field_info[field].kind) {
	case KIND_TIME:
		zone_write(c->utc, n, when);
		when[10] = 'T';
		out_bytes(&c->out, when, 19);
		out_char(&c->out, 'Z');
		break;
	case KIND_MONEY:
		out_money(&c->out, n);
		break;
	default:
		out_number(&c->out, n);
		break;
	}
}

/* A goal's id may read like a status: "new". */
static void
put_status(struct canon *c, struct slice status)
{
	if (status.n > 0 && !check_status_fixed(status) &&
	    !slice_is(status, "skip"))
		out_slice(&c->out, slice_of("goal:"));
	out_cell(&c->out, status);
}

int
canon_add(struct canon *c, const struct conv *r, bool auto_id, struct err *e)
{
	for (int f = 0; f < FIELD_COUNT; f++) {
		if (f > 0)
			out_char(&c->out, ';');
		if (f < FIELD_NUMBERS)
			put_number(c, f, r->number[f]);
		else if (f == FIELD_ORDER_STATUS)
			put_status(c, conv_text(r, f));
		else if (is_kept(f) && (f != FIELD_ID || !auto_id))
			out_cell(&c->out, conv_text(r, f));
	}
	out_char(&c->out, '\n');
	if (c->out.failed != 0)
		return err_set(
		    e, "write the hashed copy: %s", strerror(c->out.failed));
	return 0;
}

int
canon_end(struct canon *c, struct err *e)
{
	if (out_end(&c->out) == -1 || lseek(c->fd, 0, SEEK_SET) == -1)
		return err_set(e, "write the hashed copy: %s", strerror(errno));
	return c->fd;
}

struct settings *
canon_settings(const struct settings *s, const struct merge_rules *rules)
{
	struct settings *c = settings_new();

	settings_set(&c->feed, s->feed);
	settings_set(&c->source, s->source);
	settings_set(&c->preset, "direct"); /* takes statuses as they stand */
	settings_set(&c->encoding, "utf-8");
	c->delimiter = ';';
	settings_set(&c->zone, s->zone);
	c->same_id = rules->same_id;
	c->any_identifier = s->any_identifier;
	c->any_age = s->any_age;
	c->window_days = s->window_days;
	c->each_step = s->each_step;
	c->joins_clients = rules->joins_clients;
	if (rules->kind != RECORD_ORDER)
		settings_set(&c->record, record_kind_name(rules->kind));
	c->pii = s->pii;
	c->skip_known = s->skip_known;
	c->max_bad_percent = 100; /* it was good enough once */
	settings_add_status(c, "*", "skip", "skip");
	for (int f = 0; f < FIELD_COUNT; f++)
		settings_add_column(c, field_info[f].name, field_info[f].name);
	return c;
}

bool
canon_is(const struct settings *s)
{
	if (s->pii != PII_HASH || strcmp(s->preset, "direct") != 0 ||
	    s->max_bad_percent != 100 || s->columns == 0)
		return false;
	for (size_t i = 0; i < s->columns; i++)
		if (strcmp(s->column[i].column, s->column[i].field) != 0)
			return false;
	return true;
}

void
canon_revise(struct settings *canon, const struct settings *today)
{
	if (today->same_id != SAME_ID_PRESET)
		canon->same_id = today->same_id;
	canon->any_identifier = today->any_identifier;
	canon->any_age = today->any_age;
	canon->window_days = today->window_days;
	canon->each_step = today->each_step;
	canon->skip_known = today->skip_known;
}
