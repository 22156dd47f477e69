/*
 * The scanner of CSV.  See csv_scan.h.
 */
#include "formats/csv_scan.h"

#define SNIFF_ROWS 64
#define SNIFF_CELLS 256

#define COUNT(a) (sizeof(a) / sizeof *(a))

static enum csv_scan_state
scan_start(struct csv_scan *s, char c)
{
	if (csv_blank(c))
		return START;
	if (c != '"' || s->plain)
		return BARE;
	s->opened = s->at;
	s->loose = false;
	return QUOTED;
}

/* Behind a quote within a quoted field: it closed the field if a delimiter or
 * a line end follows; doubled or followed by anything else it did not. */
static enum csv_scan_state
scan_ended(struct csv_scan *s, char c)
{
	bool blanks = s->blanks;

	s->loose = s->loose || (!csv_blank(c) && (blanks || c != '"'));
	s->blanks = csv_blank(c);
	if (csv_blank(c) || (c == '"' && blanks))
		return ENDED;
	return QUOTED;
}

/* At the end of a field.  Its quotes may not be what they seem. */
static void
scan_end(struct csv_scan *s, const char *p)
{
	s->torn =
	    s->torn || (s->state == ENDED && s->loose &&
			   csv_lines(p + s->opened, s->at - s->opened) > 0);
}

static bool
is_candidate(char c)
{
	return c == ';' || c == ',' || c == '\t';
}

bool
csv_scan(struct csv_scan *s, const char *p, size_t n)
{
	while (s->at < n) {
		char c = p[s->at];

		if (s->state == QUOTED) {
			const char *q = memchr(p + s->at, '"', n - s->at);

			s->at = q == NULL ? n : (size_t)(q - p) + 1;
			s->blanks = false;
			if (q != NULL)
				s->state = ENDED;
			continue;
		}
		if (csv_break(c) || c == s->delimiter)
			scan_end(s, p);
		if (csv_break(c))
			return true;
		if (c == s->delimiter) {
			s->state = START;
			s->cells++;
		} else if (s->sniffing && is_candidate(c)) {
			s->state = START;
		} else if (s->state == START) {
			s->state = scan_start(s, c);
		} else if (s->state == ENDED) {
			s->state = scan_ended(s, c);
		}
		s->at++;
	}
	return false;
}

unsigned long
csv_lines(const char *p, size_t n)
{
	unsigned long lines = 0;

	for (size_t i = 0; i < n; i++)
		lines += p[i] == '\n' ||
			 (p[i] == '\r' && (i + 1 == n || p[i + 1] != '\n'));
	return lines;
}

/* How well it divides the first records: the commonest number of cells, times
 * the records that have it. */
static unsigned long
rate(struct slice head, bool whole, char delimiter, bool plain)
{
	unsigned long rows[SNIFF_CELLS + 1] = { 0 }, best = 0;

	for (int i = 0; i < SNIFF_ROWS && head.n > 0; i++) {
		struct csv_scan s = {
			.delimiter = delimiter, .plain = plain, .sniffing = true
		};
		size_t cells;

		if (!csv_scan(&s, head.p, head.n) && !whole && !plain)
			break;
		if (s.state == QUOTED)
			break;
		cells = s.cells < SNIFF_CELLS ? s.cells : SNIFF_CELLS;
		rows[cells]++;
		if (s.at < head.n)
			s.at++; /* the LF of a CRLF is a record of no cells */
		head.p += s.at;
		head.n -= s.at;
	}
	for (size_t k = 1; k <= SNIFF_CELLS; k++) {
		if (rows[k] * k > best)
			best = rows[k] * k;
	}
	return best;
}

char
csv_sniff(struct slice head, bool whole)
{
	static const char candidates[] = { ';', ',', '\t' };
	unsigned long best = 0;
	char delimiter = ';';

	for (int plain = 0; plain <= 1 && best == 0; plain++) {
		for (size_t i = 0; i < COUNT(candidates); i++) {
			unsigned long score =
			    rate(head, whole, candidates[i], plain == 1);

			if (score > best) {
				best = score;
				delimiter = candidates[i];
			}
		}
	}
	return delimiter;
}
