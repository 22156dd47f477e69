/*
 * What the tests of the SFTP session share: a session, a client that builds
 * requests and looks at answers, and a files process that is a thread.
 */
#ifndef TESTS_SFTP_KIT_H
#define TESTS_SFTP_KIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>

#include "net/sftp.h"
#include "net/sftp_packet.h"

#define FILE_SIZE 300000u      /* of /main/conversions.csv, */
uint8_t kit_byte(uint64_t at); /* and the byte at a place of it */
#define FOLDER_ENTRIES 1000u

struct rig {
	int ours, theirs; /* the channel to files */
	pthread_t files;
	char told[1024]; /* what files was told about ends, in order */
	int upload;      /* the memfd of the last upload */
	int published;   /* of what is read */
	struct sftp *sftp;
	uint8_t reply[2 * 1024 * 1024];
	size_t n;
	uint32_t id;
};

/* cmocka's set-up and tear-down; *state is the rig.  kit_raw has not sent INIT
 * yet. */
int kit_raw(void **state);
int kit_up(void **state);
int kit_down(void **state);

/* Bytes to the session until they are taken and answered; -1 when it ends. */
int kit_feed(struct rig *g, const uint8_t *p, size_t n);

/* One request of what its layout says: s a struct slice *, u 32, U 64 bits.
 * The answers are what g->reply holds from now on. */
int kit_say(struct rig *g, uint8_t type, const char *layout, ...);

/* What follows the id of the one answer that came, which is of this type. */
const uint8_t *kit_answer(const struct rig *g, uint8_t type);
uint32_t kit_code(const struct rig *g); /* of a STATUS */
uint32_t kit_u32(const uint8_t *p);

struct name { /* a handle */
	char bytes[8];
	struct slice s;
};
void kit_open(struct rig *g, const char *path, uint32_t flags, struct name *h);

#endif
