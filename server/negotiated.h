/*
 * What a client and we agreed on when it logged in, for the audit and for
 * `convdrop status`.  Part of messages between processes; all zeros when
 * nothing was negotiated (plain HTTP or FTP).
 */
#ifndef SERVER_NEGOTIATED_H
#define SERVER_NEGOTIATED_H

#include <stdint.h>

/* Lists of algorithms that both sides must have something of. */
enum ssh_list {
	LIST_KEX,
	LIST_HOSTKEY,
	LIST_CIPHER,
	LIST_MAC,
	SSH_LISTS
};
#define STRICT_UNKNOWN (1u << SSH_LISTS)

struct negotiated {
	char client[128]; /* its banner or User-Agent: as it came */
	char kex[48];     /* of TLS: its version */
	char hostkey[32]; /* SSH only, as is mac */
	char cipher[48];
	char mac[40];
	uint32_t lacks; /* SSH: 1 << list for each in which ssh_profile =
			 * "strict" has nothing that the client offers, or
			 * STRICT_UNKNOWN */
	uint32_t pad;
};

const char *ssh_list_name(enum ssh_list l); /* "key exchange", translated */
const char *ssh_list_key(enum ssh_list l);  /* "kex", for the audit */

#endif
