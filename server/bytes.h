/*
 * Bytes on their way: a whole small file into memory, or a part of any, memory
 * into a sealed memfd and back, all of it into a file, as hex.
 */
#ifndef SERVER_BYTES_H
#define SERVER_BYTES_H

#include <stddef.h>
#include <stdint.h>

/* The whole file, terminated and malloc'ed, at most max bytes; -1 and errno
 * (EFBIG, EISDIR for what is not a regular file). */
int bytes_read(char **out, size_t *n, const char *path, size_t max);

/* A descriptor that can only be read, whoever gets it; -1 and errno. */
int bytes_seal(const void *p, size_t n);

/* The first n bytes of a file, or of a memfd, terminated and malloc'ed; the
 * descriptor's offset does not matter.  -1 and errno when there are fewer. */
int bytes_take(char **out, int fd, size_t n);

/*
 * Reads n bytes of a file from offset at on into room, as far into a page as
 * they are in the file: where they are, or NULL when it has fewer.  The
 * kernel's copying is three to four times slower on processors of AMD where it
 * writes up to 31 bytes further into a page than it reads (BYTES_NEAR), as
 * right behind the head of a message.
 */
#define BYTES_PAGE 4096
#define BYTES_NEAR 32
#define BYTES_ROOM(n) ((n) + (size_t)2 * BYTES_PAGE)
const uint8_t *bytes_part(uint8_t *room, int fd, uint64_t at, size_t n);

/* All n bytes at the present offset; -1 and errno. */
int bytes_write(int fd, const void *p, size_t n);

/* n bytes as 2 * n lower-case hex digits and a terminator. */
void bytes_hex(char *out, const uint8_t *p, size_t n);

#endif
