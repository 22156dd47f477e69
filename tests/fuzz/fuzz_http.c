/*
 * HTTP fields: the first byte chooses which, the rest is the field.
 */
#include <stdint.h>
#include <stdlib.h>

#include "net/http_field.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct slice field, user, password;
	char buf[1024], path[256], token[64], *text;
	uint64_t first = 0, last = 0;

	if (n == 0)
		return 0;
	field = (struct slice){ (const char *)data + 1, n - 1 };
	switch (data[0] % 6) {
	case 0:
		http_basic(field, buf, sizeof buf, &user, &password);
		break;
	case 1:
		if (http_range(field, 100, &first, &last) == RANGE_PART &&
		    (first > last || last >= 100))
			abort();
		break;
	case 2:
		http_date_parse(field);
		break;
	case 3:
		http_etag_listed(field, "\"1-2\"", true);
		break;
	case 4:
		http_takes_gzip(field);
		break;
	default:
		text = malloc(n);
		if (text == NULL)
			abort();
		memcpy(text, data + 1, n - 1);
		text[n - 1] = '\0';
		http_target(text, path, sizeof path, token, sizeof token);
		free(text);
	}
	return 0;
}
