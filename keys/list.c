/*
 * Lists and lines.  See list.h.
 */
#include "keys/list.h"

#include <stdlib.h>
#include <string.h>

#include "keys/users.h"

void *
list_alloc(size_t n)
{
	void *p = calloc(1, n);

	if (p == NULL)
		abort();
	return p;
}

void *
list_grow(void *p, size_t n)
{
	p = realloc(p, n);
	if (p == NULL)
		abort();
	return p;
}

char *
list_string(const char *s)
{
	return strcpy(list_alloc(strlen(s) + 1), s);
}

void
list_free(char **list)
{
	for (size_t i = 0; list != NULL && list[i] != NULL; i++)
		free(list[i]);
	free(list);
}

size_t
list_count(char *const *list)
{
	size_t n = 0;

	while (list != NULL && list[n] != NULL)
		n++;
	return n;
}

void
list_add(char ***list, const char *s, size_t n)
{
	size_t k = list_count(*list);
	char *copy = list_alloc(n + 1);

	memcpy(copy, s, n);
	*list = list_grow(*list, (k + 2) * sizeof **list);
	(*list)[k] = copy;
	(*list)[k + 1] = NULL;
}

const char *
list_word(const char **text, size_t *n)
{
	const char *p = *text + strspn(*text, " \t\r\n,");

	*n = strcspn(p, " \t\r\n,");
	*text = p + *n;
	return *n == 0 ? NULL : p;
}

static bool
feed_fits(const char *s, size_t n)
{
	if (n == 1 && *s == '*')
		return true;
	for (size_t i = 0; i < n; i++) {
		if (strchr("abcdefghijklmnopqrstuvwxyz0123456789_-", s[i]) ==
		    NULL)
			return false;
	}
	return n > 0 && n <= 63 && *s != '_' && *s != '-';
}

/* The list, when it is one of feeds; else it is freed. */
static char **
check_feeds(char **list, bool fits)
{
	for (size_t i = 0; fits && list != NULL && list[i] != NULL; i++)
		fits = strcmp(list[i], "*") != 0 || list[1] == NULL;
	if (fits)
		return list;
	list_free(list);
	return NULL;
}

char **
list_feeds(const char *text)
{
	const char *word;
	char **list = NULL;
	bool fits = true;
	size_t n;

	while ((word = list_word(&text, &n)) != NULL) {
		fits = fits && feed_fits(word, n);
		list_add(&list, word, n);
	}
	return check_feeds(list, fits);
}

char **
list_copy_feeds(const char *const *feeds)
{
	char **list = NULL;
	bool fits = true;

	for (size_t i = 0; feeds[i] != NULL; i++) {
		fits = fits && feed_fits(feeds[i], strlen(feeds[i]));
		list_add(&list, feeds[i], strlen(feeds[i]));
	}
	return check_feeds(list, fits);
}

unsigned
list_roles(const char *text)
{
	unsigned roles = 0, one;
	const char *word;
	size_t n;

	while ((word = list_word(&text, &n)) != NULL) {
		one = role_parse(word, n);
		if (one == 0)
			return 0;
		roles |= one;
	}
	return roles;
}

void
list_put(FILE *f, char *const *list, const char *separator)
{
	for (size_t i = 0; list != NULL && list[i] != NULL; i++)
		fprintf(f, "%s%s", i == 0 ? "" : separator, list[i]);
}

void
list_put_roles(FILE *f, unsigned roles, const char *separator)
{
	const char *between = "";

	for (unsigned r = 1; role_name((enum role)r) != NULL; r <<= 1) {
		if ((roles & r) == 0)
			continue;
		fprintf(f, "%s%s", between, role_name((enum role)r));
		between = separator;
	}
}

char *
list_line(const char **text, size_t *n)
{
	const char *end;
	size_t take;
	char *line;

	if (*n == 0)
		return NULL;
	end = memchr(*text, '\n', *n);
	take = end == NULL ? *n : (size_t)(end - *text) + 1;
	line = list_alloc(take + 1);
	memcpy(line, *text, take);
	if (memchr(line, '\0', take) != NULL)
		line[0] = '\0';
	*text += take;
	*n -= take;
	return line;
}
