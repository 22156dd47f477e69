/*
 * Direct's own rules for a published cell, as strict as Direct is
 * (domain/conversion-formats.md 1.2, 1.3, 2.2).  lint stands on them, and what
 * normal makes of a dump's cell must pass them.
 */
#ifndef FORMATS_CHECK_H
#define FORMATS_CHECK_H

#include <stdbool.h>
#include <stdint.h>
#include "formats/slice.h"
#include "formats/status.h"
#include "formats/zone.h"

/* One value, not a list. */
bool check_phone(struct slice s);     /* digits alone, 10 to 15 */
bool check_email(struct slice s);     /* Latin, no capitals, one @, a domain */
bool check_client_id(struct slice s); /* digits, 1 to 2^64 - 1 */
bool check_md5(struct slice s);       /* 32 hex digits of either case */

#define CHECK_MONEY_MAX INT64_C(922337203685400) /* in minor units */

/* A decimal with a dot; not negative, at most 9223372036854.  *minor in minor
 * units (half of one rounds up); may be NULL. */
enum reject check_money(struct slice s, int64_t *minor);

/* One of Direct's forms; *has_time false for a date alone (out is then
 * 23:59:59). */
enum reject check_time(struct slice s, struct wall *out, bool *has_time);

bool check_status_fixed(struct slice s); /* PAID IN_PROGRESS CANCELLED SPAM */
bool check_goal_id(struct slice s);      /* could be one: no blanks, no ; , " */

/* --- Metrica's own uploads (domain/conversion-formats.md 6) --- */

bool check_target(struct slice s);   /* the id of a JS goal: Latin, no blanks */
bool check_currency(struct slice s); /* three capital letters, ISO 4217 */
bool check_platform(struct slice s); /* whatsapp telegram viber */

#endif
