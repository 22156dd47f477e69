/*
 * The canonical record: one row of a dump once it was mapped and normalised,
 * and one order as the store knows it.  It holds every field that any output
 * needs, each already in the form in which it is published.
 */
#ifndef FORMATS_CONV_H
#define FORMATS_CONV_H

#include <stdbool.h>
#include <stdint.h>
#include "formats/arena.h"
#include "formats/slice.h"

/* What a record is.  A dump holds one kind; its preset says which.  Each kind
 * has ids of its own. */
enum record_kind {
	RECORD_ORDER,   /* also a lead, a deal */
	RECORD_CONTACT, /* a client: its id is its client_uniq_id */
	RECORD_CALL,
	RECORD_CHAT,
	RECORD_KINDS
};

/* "order", "contact" …; by name RECORD_KINDS when there is none. */
const char *record_kind_name(enum record_kind k);
enum record_kind record_kind_by_name(const char *name);

/* The first ones are numbers (conv.number), the others text (conv.text).
 * Their order is part of what conv_pack writes: append, never reorder. */
enum field {
	/* times: Unix seconds, UTC */
	FIELD_CREATE_DATE_TIME = 0,
	FIELD_UPDATE_DATE_TIME,
	FIELD_FINISH_DATE_TIME,
	/* money: minor units */
	FIELD_REVENUE,
	FIELD_COST,
	/* seconds */
	FIELD_TALK_DURATION,
	FIELD_HOLD_DURATION,
	/* 0 or 1 */
	FIELD_STATIC_CALL,
	FIELD_CALL_MISSED,
	FIELD_FIRST_TIME_CALLER,
	FIELD_CHAT_ANSWERED,
	FIELD_NUMBERS, /* how many numbers; the texts begin here */

	FIELD_ID = FIELD_NUMBERS,
	FIELD_CLIENT_UNIQ_ID,
	FIELD_CLIENT_IDS, /* lists: values joined by ',' without spaces */
	FIELD_EMAILS,
	FIELD_PHONES,
	FIELD_EMAILS_MD5,
	FIELD_PHONES_MD5,
	FIELD_ORDER_STATUS, /* PAID …, a goal id, or "skip" */
	FIELD_USER_ID,
	FIELD_YCLID,
	FIELD_PURCHASE_ID,
	FIELD_CURRENCY,
	FIELD_GOALS,
	FIELD_PRODUCTS,
	FIELD_TARGET,
	FIELD_NAME,
	FIELD_CLIENT_TYPE,
	FIELD_URL,
	FIELD_CALL_TRACKER_URL,
	FIELD_TAG,
	FIELD_CHAT_PLATFORM,
	FIELD_CHAT_USERNAME,
	FIELD_CHAT_USER_ID,
	FIELD_UTM_SOURCE,
	FIELD_UTM_MEDIUM,
	FIELD_UTM_CAMPAIGN,
	FIELD_UTM_CONTENT,
	FIELD_UTM_TERM,
	FIELD_PIPELINE,    /* steers the status map; never published */
	FIELD_LOSS_REASON, /* likewise */
	FIELD_PAID,        /* yes or no, beside a status; steers likewise */
	FIELD_CANCELLED,   /* likewise */
	FIELD_COUNT
};

enum field_kind {
	KIND_TIME,
	KIND_MONEY,
	KIND_SECONDS,
	KIND_FLAG,
	KIND_ID, /* text; Excel damage is an error */
	KIND_CLIENT_IDS,
	KIND_EMAILS,
	KIND_PHONES,
	KIND_MD5S,
	KIND_STATUS,
	KIND_CURRENCY,
	KIND_PLATFORM, /* of a chat: whatsapp, telegram, viber */
	KIND_TARGET,   /* the id of a goal */
	KIND_GOALS,    /* "goal:price,goal" */
	KIND_PRODUCTS, /* "name:quantity,name:quantity" */
	KIND_TEXT,
	KIND_ANSWER, /* yes or no; steers the status, is never kept */
};

/* A row per field, by enum field: the name that configs, reports and Direct
 * use ("create_date_time"). */
struct field_info {
	const char *name;
	enum field_kind kind;
};
extern const struct field_info field_info[FIELD_COUNT];

/* Does it say who somebody is, without being an identifier that can be hashed
 * (a name, a chat's user)?  Feeds with pii = hash do without it. */
bool field_is_personal(enum field f);

/* FIELD_COUNT when there is none of that name. */
enum field field_by_name(struct slice name);

#define CONV_NONE INT64_MIN /* a number that is not known */

struct conv {
	int64_t number[FIELD_NUMBERS];
	struct slice text_[FIELD_COUNT - FIELD_NUMBERS];
};

#define conv_text(c, field) ((c)->text_[(field)-FIELD_NUMBERS])

void conv_clear(struct conv *c); /* all unknown */

/* The fields that it has: bit f is field f. */
uint64_t conv_present(const struct conv *c);

/* Any of the five identifiers Direct takes (client_ids … phones_md5)? */
bool conv_has_identifier(const struct conv *c);

/* Any of those, or user_id, yclid, purchase_id, which Metrica takes? */
bool conv_has_any_identifier(const struct conv *c);

/*
 * Packed: the present fields, each a byte, then eight bytes little-endian or
 * a length (four bytes little-endian) and the text.  Equal records pack to
 * equal bytes.  The bytes live in the arena.
 */
struct slice conv_pack(struct arena *a, const struct conv *c);

/*
 * What conv_pack made, without unpacking it: the id, the creation time, and the
 * rest, which lies before and behind the id.  All point into packed.  The two
 * pieces of the rest, one behind the other, are what conv_pack makes of the
 * record without them.
 */
struct conv_parts {
	struct slice id;
	int64_t created;
	struct slice rest[2];
};
void conv_split(struct conv_parts *out, struct slice packed);

/* The texts point into packed.  False when the bytes are not a packed record.
 */
bool conv_unpack(struct conv *c, struct slice packed);

#endif
