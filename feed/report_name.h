/*
 * Names of reports: the dump's, as far as they may be, and masked.
 */
#ifndef FEED_REPORT_NAME_H
#define FEED_REPORT_NAME_H

#define REPORT_NAME 128 /* bytes */

/* At most so many of the name, cut where a character begins, without control
 * characters and slashes (a dump from an archive has one). */
void report_cut_name(char out[REPORT_NAME + 1], const char *name);

/* Of such a name: its shape when a phone or an e-mail is in it. */
void report_mask_name(char out[REPORT_NAME + 1], const char *cut);

#endif
