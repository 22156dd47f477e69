/*
 * Rows that several presets' tables share: names that mean the same wherever
 * people may add columns of their own.  A bare "client id" is not among them:
 * outside of Metrica's own files it is as likely Google's.
 */
#ifndef FORMATS_PRESET_COLUMNS_H
#define FORMATS_PRESET_COLUMNS_H

/* clang-format off */
#define PRESET_CLIENT_IDS                                                      \
	{ "_ym_uid", FIELD_CLIENT_IDS },                                       \
	{ "ym_uid", FIELD_CLIENT_IDS },                                        \
	{ "ym uid", FIELD_CLIENT_IDS },                                        \
	{ "ym_client_id", FIELD_CLIENT_IDS },                                  \
	{ "ym client id", FIELD_CLIENT_IDS },                                  \
	{ "ya_client_id", FIELD_CLIENT_IDS },                                  \
	{ "yandex_client_id", FIELD_CLIENT_IDS },                              \
	{ "yandex client id", FIELD_CLIENT_IDS },                              \
	{ "yandex clientid", FIELD_CLIENT_IDS },                               \
	{ "metrika_client_id", FIELD_CLIENT_IDS },                             \
	{ "metrika client id", FIELD_CLIENT_IDS },                             \
	{ "metrika clientid", FIELD_CLIENT_IDS },                              \
	{ "metrica_client_id", FIELD_CLIENT_IDS },                             \
	{ "metrica client id", FIELD_CLIENT_IDS },                             \
	{ "metrica clientid", FIELD_CLIENT_IDS },                              \
	{ "clientid метрики", FIELD_CLIENT_IDS },                              \
	{ "client id метрики", FIELD_CLIENT_IDS },                             \
	{ "clientid яндекс*", FIELD_CLIENT_IDS },                              \
	{ "client id яндекс*", FIELD_CLIENT_IDS }

#define PRESET_CONTACTS                                                        \
	{ "телефон", FIELD_PHONES },                                           \
	{ "телефон клиента", FIELD_PHONES },                                   \
	{ "контактный телефон", FIELD_PHONES },                                \
	{ "мобильный телефон", FIELD_PHONES },                                 \
	{ "номер телефона", FIELD_PHONES },                                    \
	{ "phone", FIELD_PHONES },                                             \
	{ "phones", FIELD_PHONES },                                            \
	{ "email", FIELD_EMAILS },                                             \
	{ "emails", FIELD_EMAILS },                                            \
	{ "e-mail", FIELD_EMAILS },                                            \
	{ "email клиента", FIELD_EMAILS },                                     \
	{ "e-mail клиента", FIELD_EMAILS },                                    \
	{ "почта", FIELD_EMAILS },                                             \
	{ "эл. почта", FIELD_EMAILS },                                         \
	{ "электронная почта", FIELD_EMAILS }

/* What a list of orders is likely to call them, where its system's own names
 * are missing.  They come last in a table: whatever it says itself counts. */
#define PRESET_COMMON                                                          \
	{ "?id", FIELD_ID },                                                   \
	{ "?id заказа", FIELD_ID },                                            \
	{ "?номер", FIELD_ID },                                                \
	{ "?номер заказа", FIELD_ID },                                         \
	{ "?№ заказа", FIELD_ID },                                             \
	{ "?номер заявки", FIELD_ID },                                         \
	{ "?номер сделки", FIELD_ID },                                         \
	{ "?order_id", FIELD_ID },                                             \
	{ "?order id", FIELD_ID },                                             \
	{ "?дата", FIELD_CREATE_DATE_TIME },                                   \
	{ "?дата создания", FIELD_CREATE_DATE_TIME },                          \
	{ "?дата заказа", FIELD_CREATE_DATE_TIME },                            \
	{ "?дата сделки", FIELD_CREATE_DATE_TIME },                            \
	{ "?дата и время", FIELD_CREATE_DATE_TIME },                           \
	{ "?создан", FIELD_CREATE_DATE_TIME },                                 \
	{ "?date", FIELD_CREATE_DATE_TIME },                                   \
	{ "?created_at", FIELD_CREATE_DATE_TIME },                             \
	{ "?статус", FIELD_ORDER_STATUS },                                     \
	{ "?статус заказа", FIELD_ORDER_STATUS },                              \
	{ "?статус сделки", FIELD_ORDER_STATUS },                              \
	{ "?status", FIELD_ORDER_STATUS },                                     \
	{ "?order_status", FIELD_ORDER_STATUS },                               \
	{ "?сумма", FIELD_REVENUE },                                           \
	{ "?сумма заказа", FIELD_REVENUE },                                    \
	{ "?сумма сделки", FIELD_REVENUE },                                    \
	{ "?стоимость", FIELD_REVENUE },                                       \
	{ "?итого", FIELD_REVENUE },                                           \
	{ "?revenue", FIELD_REVENUE },                                         \
	{ "?total", FIELD_REVENUE }

#define PRESET_UTM                                                             \
	{ "yclid", FIELD_YCLID },                                              \
	{ "utm_source", FIELD_UTM_SOURCE },                                    \
	{ "utm_medium", FIELD_UTM_MEDIUM },                                    \
	{ "utm_campaign", FIELD_UTM_CAMPAIGN },                                \
	{ "utm_content", FIELD_UTM_CONTENT },                                  \
	{ "utm_term", FIELD_UTM_TERM }

/* How an agency's connector names its contacts, in orders and in clients. */
#define PRESET_CONNECTOR_CONTACTS                                              \
	{ "contact_phone", FIELD_PHONES },                                     \
	{ "phones", FIELD_PHONES },                                            \
	{ "phone", FIELD_PHONES },                                             \
	{ "contact_email", FIELD_EMAILS },                                     \
	{ "emails", FIELD_EMAILS },                                            \
	{ "email", FIELD_EMAILS },                                             \
	{ "phones_md5", FIELD_PHONES_MD5 },                                    \
	{ "emails_md5", FIELD_EMAILS_MD5 },                                    \
	{ "client_ids", FIELD_CLIENT_IDS },                                    \
	{ "user_id", FIELD_USER_ID }
/* clang-format on */

#endif
