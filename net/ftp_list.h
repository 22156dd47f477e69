/*
 * Folders and files as FTP's listings show them.  Pure.  Times are UTC, sizes
 * bytes; they agree with what SFTP and HTTP say.
 */
#ifndef NET_FTP_LIST_H
#define NET_FTP_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "formats/slice.h"
#include "net/files.h"

enum ftp_format {
	FTP_LONG,  /* LIST: as ls -l */
	FTP_NAMES, /* NLST */
	FTP_FACTS  /* MLSD, MLST */
};

enum ftp_fact { /* of RFC 3659, ORed */
	FTP_FACT_TYPE = 1,
	FTP_FACT_SIZE = 2,
	FTP_FACT_MODIFY = 4,
	FTP_FACT_PERM = 8,
	FTP_FACTS_ALL = 15
};

/* "type;size;" as OPTS MLST has it: what we know of them.  Any case. */
unsigned ftp_facts(struct slice names);

/* FEAT's "type*;size;", where a star is a fact that is on; without stars when
 * on is all that is named (the answer to OPTS). */
#define FTP_FACTS_MAX 64
void ftp_facts_text(char out[FTP_FACTS_MAX], unsigned on, bool feat);

/* 213's YYYYMMDDHHMMSS. */
#define FTP_TIME_MAX 32
void ftp_time(char out[FTP_TIME_MAX], int64_t at);

/*
 * One line with its CRLF, name as it is but for control characters, which
 * would break it.  now decides between time and year in a long line.  The
 * length.
 */
#define FTP_ENTRY_MAX 2048
size_t ftp_entry(char out[FTP_ENTRY_MAX], enum ftp_format format,
    unsigned facts, const char *name, const struct files_stat *st, int64_t now);

/* Does a name fit a pattern with * and ?, as NLST *.csv wants it? */
bool ftp_matches(struct slice name, struct slice pattern);

#endif
