/*
 * One SFTP session: bytes of the channel in, bytes for the channel out.  It
 * opens nothing itself, `files` does within the grant; what comes out waits in
 * one small buffer, and nothing more is read or answered until there is room.
 *
 * An upload is committed when its handle closes untroubled: no write failed
 * and none is missing.  Everything else, a session that breaks off above all,
 * aborts it.
 */
#ifndef NET_SFTP_H
#define NET_SFTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "formats/slice.h"
#include "net/auth.h"

#define SFTP_HANDLES_MAX 64

/* What fits into one of the packets that clients take, but for the ten bytes
 * libssh sets aside in each. */
#define SFTP_CHUNK ((size_t)32768 - 10)

/*
 * As much waits to be written at most: whole packets.  OpenSSH's client gets
 * eight at a time: four cost the server a twentieth more, two a tenth more than
 * that, and twelve win nothing.  Others get four: those with threads (paramiko)
 * are the better off the sooner they come.
 */
#define SFTP_PENDING_MAX (8 * SFTP_CHUNK)
#define SFTP_PENDING_SOON (4 * SFTP_CHUNK)

struct sftp;

/* files is the channel to files and stays the caller's; an upload may have
 * upload_max bytes, and so many bytes may be pending, one of the above.  NULL
 * without memory. */
struct sftp *sftp_new(
    int files, const struct grant *g, uint64_t upload_max, size_t pending);

/*
 * The end: aborts what is open and reports the pulls.  orderly says that the
 * client closed the channel by itself after it was sent everything: only then
 * may a pull that it did not close be a complete one.  NULL is fine.
 */
void sftp_free(struct sftp *s, bool orderly);

/* Copies bytes of the channel in; returns how many fitted: sftp_wants says how
 * many would. */
size_t sftp_wants(const struct sftp *s);
size_t sftp_take(struct sftp *s, const void *bytes, size_t n);

/* Answers what has come in while there is room for the answers.  -1 when the
 * session cannot go on: sftp_problem says why. */
int sftp_run(struct sftp *s);
const char *sftp_problem(const struct sftp *s);

/* What is to be written to the channel, and how much of it was. */
struct slice sftp_pending(const struct sftp *s);
void sftp_sent(struct sftp *s, size_t n);

/* How much of it is worth a packet now; the rest is the short end of a DATA
 * reply and may wait a moment for the next one. */
size_t sftp_ripe(const struct sftp *s);

/* Is nothing open and nothing half said? */
bool sftp_idle(const struct sftp *s);

/* Gives back the memory that the work of an idle session, or of its login, took
 * and that the next will take again. */
void sftp_rest(struct sftp *s);

#endif
