/*
 * See report_name.h.
 */
#include "feed/report_name.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "formats/rejects.h"
#include "feed/report.h"

void
report_cut_name(char out[REPORT_NAME + 1], const char *name)
{
	size_t n = strlen(name);

	if (n > REPORT_NAME) {
		n = REPORT_NAME;
		while (n > 0 && ((unsigned char)name[n] & 0xc0) == 0x80)
			n--;
	}
	for (size_t i = 0; i < n; i++)
		out[i] = (unsigned char)name[i] < 0x20 || name[i] == 0x7f ||
				 name[i] == '/'
			     ? '_'
			     : name[i];
	out[n] = '\0';
}

void
report_mask_name(char out[REPORT_NAME + 1], const char *name)
{
	char veil[REJECTS_VEIL];
	struct slice s = rejects_veil(veil, slice_of(name));

	memcpy(out, s.p, s.n);
	out[s.n] = '\0';
}

void
report_twin(char out[NAME_MAX + 1], const char *name)
{
	static const char *const suffix[] = { ".rejects.csv", ".report.json",
		".report.txt" };
	char cut[REPORT_NAME + 1], masked[REPORT_NAME + 1];
	size_t n = strlen(name);

	for (size_t i = 0; i < sizeof suffix / sizeof *suffix; i++) {
		size_t k = strlen(suffix[i]);

		if (k > n || n - k > REPORT_NAME ||
		    strcmp(name + n - k, suffix[i]) != 0)
			continue;
		memcpy(cut, name, n - k);
		cut[n - k] = '\0';
		report_mask_name(masked, cut);
		snprintf(out, NAME_MAX + 1, "%s%s", masked, suffix[i]);
		return;
	}
	snprintf(out, NAME_MAX + 1, "%s", name);
}
