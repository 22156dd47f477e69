/*
 * The canonical record's table of fields, and its packed form.  See conv.h.
 */
#include "formats/conv.h"

#include <assert.h>
#include <endian.h>

/* clang-format off */
const struct field_info field_info[FIELD_COUNT] = {
	[FIELD_CREATE_DATE_TIME]  = { "create_date_time",  KIND_TIME },
	[FIELD_UPDATE_DATE_TIME]  = { "update_date_time",  KIND_TIME },
	[FIELD_FINISH_DATE_TIME]  = { "finish_date_time",  KIND_TIME },
	[FIELD_REVENUE]           = { "revenue",           KIND_MONEY },
	[FIELD_COST]              = { "cost",              KIND_MONEY },
	[FIELD_TALK_DURATION]     = { "talk_duration",     KIND_SECONDS },
	[FIELD_HOLD_DURATION]     = { "hold_duration",     KIND_SECONDS },
	[FIELD_STATIC_CALL]       = { "static_call",       KIND_FLAG },
	[FIELD_CALL_MISSED]       = { "call_missed",       KIND_FLAG },
	[FIELD_FIRST_TIME_CALLER] = { "first_time_caller", KIND_FLAG },
	[FIELD_CHAT_ANSWERED]     = { "chat_answered",     KIND_FLAG },
	[FIELD_ID]                = { "id",                KIND_ID },
	[FIELD_CLIENT_UNIQ_ID]    = { "client_uniq_id",    KIND_ID },
	[FIELD_CLIENT_IDS]        = { "client_ids",        KIND_CLIENT_IDS },
	[FIELD_EMAILS]            = { "emails",            KIND_EMAILS },
	[FIELD_PHONES]            = { "phones",            KIND_PHONES },
	[FIELD_EMAILS_MD5]        = { "emails_md5",        KIND_MD5S },
	[FIELD_PHONES_MD5]        = { "phones_md5",        KIND_MD5S },
	[FIELD_ORDER_STATUS]      = { "order_status",      KIND_STATUS },
	[FIELD_USER_ID]           = { "user_id",           KIND_ID },
	[FIELD_YCLID]             = { "yclid",             KIND_ID },
	[FIELD_PURCHASE_ID]       = { "purchase_id",       KIND_ID },
	[FIELD_CURRENCY]          = { "currency",          KIND_CURRENCY },
	[FIELD_GOALS]             = { "goals",             KIND_GOALS },
	[FIELD_PRODUCTS]          = { "products",          KIND_PRODUCTS },
	[FIELD_TARGET]            = { "target",            KIND_TARGET },
	[FIELD_NAME]              = { "name",              KIND_TEXT },
	[FIELD_CLIENT_TYPE]       = { "client_type",       KIND_TEXT },
	[FIELD_URL]               = { "url",               KIND_TEXT },
	[FIELD_CALL_TRACKER_URL]  = { "call_tracker_url",  KIND_TEXT },
	[FIELD_TAG]               = { "tag",               KIND_TEXT },
	[FIELD_CHAT_PLATFORM]     = { "chat_platform",     KIND_PLATFORM },
	[FIELD_CHAT_USERNAME]     = { "chat_username",     KIND_TEXT },
	[FIELD_CHAT_USER_ID]      = { "chat_user_id",      KIND_TEXT },
	[FIELD_UTM_SOURCE]        = { "utm_source",        KIND_TEXT },
	[FIELD_UTM_MEDIUM]        = { "utm_medium",        KIND_TEXT },
	[FIELD_UTM_CAMPAIGN]      = { "utm_campaign",      KIND_TEXT },
	[FIELD_UTM_CONTENT]       = { "utm_content",       KIND_TEXT },
	[FIELD_UTM_TERM]          = { "utm_term",          KIND_TEXT },
	[FIELD_PIPELINE]          = { "pipeline",          KIND_TEXT },
	[FIELD_LOSS_REASON]       = { "loss_reason",       KIND_TEXT },
	[FIELD_PAID]              = { "paid",              KIND_ANSWER },
	[FIELD_CANCELLED]         = { "cancelled",         KIND_ANSWER },
};
/* clang-format on */

static const char *const record_names[RECORD_KINDS] = {
	[RECORD_ORDER] = "order",
	[RECORD_CONTACT] = "contact",
	[RECORD_CALL] = "call",
	[RECORD_CHAT] = "chat",
};

const char *
record_kind_name(enum record_kind k)
{
	assert(k >= 0 && k < RECORD_KINDS);
	return record_names[k];
}

enum record_kind
record_kind_by_name(const char *name)
{
	int k = 0;

	while (k < RECORD_KINDS && strcmp(name, record_names[k]) != 0)
		k++;
	return (enum record_kind)k;
}

bool
field_is_personal(enum field f)
{
	return f == FIELD_NAME || f == FIELD_CHAT_USERNAME ||
	       f == FIELD_CHAT_USER_ID || f == FIELD_URL ||
	       f == FIELD_CALL_TRACKER_URL;
}

enum field
field_by_name(struct slice name)
{
	for (int f = 0; f < FIELD_COUNT; f++) {
		if (slice_is(name, field_info[f].name))
			return (enum field)f;
	}
	return FIELD_COUNT;
}

void
conv_clear(struct conv *c)
{
	static const struct conv unknown = {
		.number = { [0 ... FIELD_NUMBERS - 1] = CONV_NONE },
		.text_ = { [0 ... FIELD_COUNT - FIELD_NUMBERS - 1] = { "",
			       0 } },
	};

	*c = unknown;
}

bool
conv_has_identifier(const struct conv *c)
{
	return conv_text(c, FIELD_CLIENT_IDS).n > 0 ||
	       conv_text(c, FIELD_EMAILS).n > 0 ||
	       conv_text(c, FIELD_PHONES).n > 0 ||
	       conv_text(c, FIELD_EMAILS_MD5).n > 0 ||
	       conv_text(c, FIELD_PHONES_MD5).n > 0;
}

bool
conv_has_any_identifier(const struct conv *c)
{
	return conv_has_identifier(c) || conv_text(c, FIELD_USER_ID).n > 0 ||
	       conv_text(c, FIELD_YCLID).n > 0 ||
	       conv_text(c, FIELD_PURCHASE_ID).n > 0;
}

/* Little-endian, eight bytes or four. */
static char *
put64(char *p, uint64_t v)
{
	v = htole64(v);
	memcpy(p, &v, sizeof v);
	return p + sizeof v;
}

static char *
put32(char *p, uint32_t v)
{
	v = htole32(v);
	memcpy(p, &v, sizeof v);
	return p + sizeof v;
}

static bool
take64(struct slice *s, uint64_t *v)
{
	if (s->n < sizeof *v)
		return false;
	memcpy(v, s->p, sizeof *v);
	*v = le64toh(*v);
	*s = (struct slice){ s->p + sizeof *v, s->n - sizeof *v };
	return true;
}

static bool
take32(struct slice *s, uint32_t *v)
{
	if (s->n < sizeof *v)
		return false;
	memcpy(v, s->p, sizeof *v);
	*v = le32toh(*v);
	*s = (struct slice){ s->p + sizeof *v, s->n - sizeof *v };
	return true;
}

static_assert(FIELD_COUNT <= 64, "a bit a field");

/* Of a few dozen fields a record has ten; to ask each of them in a branch of
 * its own would take longer than to pack those. */
uint64_t
conv_present(const struct conv *c)
{
	uint64_t bits = 0;

	for (int f = 0; f < FIELD_NUMBERS; f++)
		bits |= (uint64_t)(c->number[f] != CONV_NONE) << f;
	for (int f = FIELD_NUMBERS; f < FIELD_COUNT; f++)
		bits |= (uint64_t)(conv_text(c, f).n != 0) << f;
	return bits;
}

/* The lowest of them, taken off. */
static int
take_field(uint64_t *bits)
{
	int f = __builtin_ctzll(*bits);

	*bits &= *bits - 1;
	return f;
}

static char *
pack_field(char *p, const struct conv *c, int f)
{
	struct slice s;

	*p++ = (char)f;
	if (f < FIELD_NUMBERS)
		return put64(p, (uint64_t)c->number[f]);
	s = conv_text(c, f);
	assert(s.n <= UINT32_MAX);
	p = put32(p, (uint32_t)s.n);
	memcpy(p, s.p, s.n);
	return p + s.n;
}

struct slice
conv_pack(struct arena *a, const struct conv *c)
{
	uint64_t bits = conv_present(c), texts = bits >> FIELD_NUMBERS;
	size_t most = 0;
	char *start, *p;

	for (; texts != 0; texts &= texts - 1)
		most += c->text_[__builtin_ctzll(texts)].n;
	most += (size_t)FIELD_COUNT * (1 + 8);
	start = p = arena_alloc(a, most);
	while (bits != 0)
		p = pack_field(p, c, take_field(&bits));
	assert((size_t)(p - start) <= most);
	return (struct slice){ start, (size_t)(p - start) };
}

/* The creation time is the first of the numbers, the id the first of the
 * texts. */
void
conv_split(struct conv_parts *out, struct slice packed)
{
	struct slice s = packed, at;
	uint64_t v;
	uint32_t n;

	out->created = CONV_NONE;
	out->id = slice_of("");
	if (s.n > 8 && *s.p == FIELD_CREATE_DATE_TIME) {
		s = (struct slice){ s.p + 1, s.n - 1 };
		take64(&s, &v);
		out->created = (int64_t)v;
	}
	out->rest[0] = s;
	while (s.n > 8 && (unsigned char)*s.p < FIELD_NUMBERS)
		s = (struct slice){ s.p + 9, s.n - 9 };
	out->rest[0].n -= s.n;
	out->rest[1] = s;
	if (s.n == 0 || *s.p != FIELD_ID)
		return;
	at = (struct slice){ s.p + 1, s.n - 1 };
	if (!take32(&at, &n) || n > at.n)
		return;
	out->id = (struct slice){ at.p, n };
	out->rest[1] = (struct slice){ at.p + n, at.n - n };
}

/* One field's value off the front of *s; false when it is not a canonical
 * one: an unknown number and an empty text are never written. */
static bool
unpack_field(struct conv *c, unsigned f, struct slice *s)
{
	uint64_t v;
	uint32_t n;

	if (f < FIELD_NUMBERS) {
		if (!take64(s, &v) || (int64_t)v == CONV_NONE)
			return false;
		c->number[f] = (int64_t)v;
		return true;
	}
	if (!take32(s, &n) || n == 0 || n > s->n)
		return false;
	conv_text(c, f) = (struct slice){ s->p, n };
	*s = (struct slice){ s->p + n, s->n - n };
	return true;
}

bool
conv_unpack(struct conv *c, struct slice packed)
{
	int last = -1;

	conv_clear(c);
	while (packed.n > 0) {
		unsigned char f = (unsigned char)*packed.p++;

		packed.n--;
		if (f >= FIELD_COUNT || f <= last)
			return false;
		last = f;
		if (!unpack_field(c, f, &packed))
			return false;
	}
	return true;
}
