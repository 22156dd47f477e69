/*
 * Tags of HTML, as browsers take them.  See html_tag.h.
 */
#include "formats/html_tag.h"

#include <stdint.h>
#include <strings.h>

void
html_tag_read(struct html_tag *t, const char *p, size_t n)
{
	size_t at = 1, k = 0;

	t->closes = n > 1 && p[1] == '/';
	at += t->closes;
	while (at < n && !html_space(p[at]) && p[at] != '>' && p[at] != '/') {
		if (k + 1 < sizeof t->name)
			t->name[k] =
			    (char)(p[at] | (html_letter(p[at]) ? 0x20 : 0));
		k++;
		at++;
	}
	t->name[k < sizeof t->name ? k : 0] = '\0';
	t->rest = (struct slice){ p + at, n - at };
}

size_t
html_tag_end(const char *p, size_t n)
{
	char quote = '\0', before = '\0';

	for (size_t i = 1; i < n; i++) {
		if (quote != '\0') {
			if (p[i] == quote)
				quote = '\0';
			continue;
		}
		if (p[i] == '>')
			return i;
		if ((p[i] == '"' || p[i] == '\'') && before == '=')
			quote = p[i];
		if (!html_space(p[i]))
			before = p[i];
	}
	return SIZE_MAX;
}

size_t
html_attribute(struct slice rest, const char *name)
{
	size_t n = strlen(name), at, v = 0;

	for (at = 1; at + n < rest.n; at++) {
		if (html_space(rest.p[at - 1]) &&
		    strncasecmp(rest.p + at, name, n) == 0)
			break;
	}
	for (at += n; at < rest.n && html_space(rest.p[at]); at++)
		continue;
	if (at >= rest.n || rest.p[at] != '=')
		return 1;
	for (at++; at < rest.n && (html_space(rest.p[at]) ||
				      rest.p[at] == '"' || rest.p[at] == '\'');)
		at++;
	for (; at < rest.n && rest.p[at] >= '0' && rest.p[at] <= '9'; at++)
		v = v < 100000 ? v * 10 + (size_t)(rest.p[at] - '0') : v;
	return v == 0 ? 1 : v;
}

enum html_effect
html_effect(const char *name)
{
	static const struct {
		const char *name;
		enum html_effect effect;
	} tags[] = {
		{ "table", HTML_TABLE },
		{ "thead", HTML_PART },
		{ "tbody", HTML_PART },
		{ "tfoot", HTML_PART },
		{ "tr", HTML_ROW },
		{ "td", HTML_CELL },
		{ "th", HTML_CELL },
		{ "br", HTML_BREAK },
		{ "p", HTML_BREAK },
		{ "div", HTML_BREAK },
		{ "li", HTML_BREAK },
		{ "script", HTML_RAW },
		{ "style", HTML_RAW },
		{ "title", HTML_RAW },
		{ "body", HTML_PAGE },
		{ "html", HTML_PAGE },
	};

	for (size_t i = 0; i < sizeof tags / sizeof *tags; i++) {
		if (strcmp(tags[i].name, name) == 0)
			return tags[i].effect;
	}
	return HTML_TEXT;
}
