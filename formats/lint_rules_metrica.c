/*
 * Metrica's uploads of conversions, calls, chats and visitor parameters
 * (domain/conversion-formats.md 6).  Its texts are not documented; its two
 * spellings of columns are, so both are taken.
 */
#include "formats/lint_private.h"

#include "formats/check.h"

#define GIGABYTE UINT64_C(1000000000)

static const struct lint_words words = {
	.separator = N_("The columns have to be parted by commas"),
	.encoding = N_("The file holds bytes that are not UTF-8, the only "
		       "encoding that the destination reads"),
	.size = N_("The file has over 1,000,000,000 bytes, more than the "
		   "destination takes"),
	.nothing = N_("No row of the file is valid")
};

/* clang-format off */
#define CLIENT_ID(in) { .name = "ClientId", .also = "ClientID", .set = in, \
	.check = lint_value, .reject = REJECT_NUMBER, .good = check_client_id }
#define USER_ID(in) { .name = "UserId", .also = "UserID", .set = in }
#define YCLID(in) { .name = "Yclid", .also = "yclid", .set = in }
#define PURCHASE_ID(in) { .name = "PurchaseId", .also = "PurchaseID", \
	.set = in }

static const struct lint_rule offline[] = {
	CLIENT_ID(1), USER_ID(1), YCLID(1), PURCHASE_ID(1),
	{ .name = "Target",   .check = lint_target,   .must = true },
	{ .name = "DateTime", .check = lint_epoch,    .must = true },
	{ .name = "Price",    .check = lint_amount },
	{ .name = "Currency", .check = lint_one_currency },
	{ .name = NULL }
};

static const struct lint_rule calls[] = {
	USER_ID(1), CLIENT_ID(1), YCLID(1),
	{ .name = "DateTime",        .check = lint_epoch,   .must = true },
	{ .name = "StaticCall",      .check = lint_flag },
	{ .name = "Price",           .check = lint_amount },
	{ .name = "Currency",        .check = lint_one_currency },
	{ .name = "PhoneNumber",     .check = lint_dialled },
	{ .name = "TalkDuration",    .check = lint_seconds },
	{ .name = "HoldDuration",    .check = lint_seconds },
	{ .name = "CallMissed",      .check = lint_flag },
	{ .name = "Tag" },
	{ .name = "FirstTimeCaller", .check = lint_flag },
	{ .name = "URL" },
	{ .name = "CallTrackerURL" },
	{ .name = NULL }
};

static const struct lint_rule chats[] = {
	{ .name = "DateTime",     .check = lint_epoch,    .must = true },
	{ .name = "ChatPlatform", .check = lint_platform, .must = true },
	{ .name = "ChatUsername", .set = 1 },
	{ .name = "ChatUserID",   .also = "ChatUserId",   .set = 1 },
	{ .name = "PhoneNumber",  .check = lint_dialled,  .set = 1 },
	CLIENT_ID(2), USER_ID(2), YCLID(2), PURCHASE_ID(2),
	{ .name = NULL }
};

static const struct lint_rule params[] = {
	{ .name = "ClientID", .also = "ClientId", .set = 1,
	  .check = lint_value, .reject = REJECT_NUMBER,
	  .good = check_client_id },
	{ .name = "UserID",   .also = "UserId",   .set = 1 },
	{ .name = "Key",      .check = lint_key,    .must = true },
	{ .name = "Value",    .check = lint_filled, .must = true },
	{ .name = NULL }
};
/* clang-format on */

const struct lint_destination lint_metrica[] = {
	{ .name = "metrica-offline",
	    .output = "metrica-offline",
	    .delimiters = ",",
	    .rule = offline,
	    .words = &words,
	    .set = { { N_("missing a column with identifiers: ClientId, "
			  "UserId, Yclid or PurchaseId"),
		N_("There is no identifier: ClientId, UserId, Yclid or "
		   "PurchaseId is needed"),
		false } },
	    .max_bytes = GIGABYTE },
	{ .name = "metrica-calls",
	    .output = "metrica-calls",
	    .delimiters = ",",
	    .rule = calls,
	    .words = &words,
	    .set = { { N_("missing a column with identifiers: UserId, "
			  "ClientId or Yclid"),
		N_("There is no identifier: UserId, ClientId or Yclid is "
		   "needed"),
		false } },
	    .max_bytes = GIGABYTE },
	{ .name = "metrica-chats",
	    .output = "metrica-chats",
	    .delimiters = ",",
	    .rule = chats,
	    .words = &words,
	    .set = { { N_("missing a column that says who wrote: "
			  "ChatUsername, ChatUserID or PhoneNumber"),
			 N_("Nobody wrote: ChatUsername, ChatUserID or "
			    "PhoneNumber is needed"),
			 false },
		{ N_("missing a column with identifiers: ClientId, UserId, "
		     "Yclid or PurchaseId; the chats stay unattributed"),
		    N_("There is no identifier, so the chat stays "
		       "unattributed"),
		    true } },
	    .max_bytes = GIGABYTE },
	{ .name = "metrica-params",
	    .output = "metrica-params",
	    .delimiters = ",",
	    .rule = params,
	    .words = &words,
	    .set = { { N_("missing a column with identifiers: ClientID or "
			  "UserID"),
		N_("There is no identifier: ClientID or UserID is needed"),
		false } },
	    .max_bytes = GIGABYTE },
	{ .name = NULL }
};
