/*
 * What the protocols are called in logs, in the audit and by people.
 */
#include "server/protocol.h"

#include <stddef.h>

const char *
protocol_name(enum protocol p)
{
	static const char *const names[] = { [PROTO_SFTP] = "sftp",
		[PROTO_HTTPS] = "https",
		[PROTO_HTTP] = "http",
		[PROTO_FTP] = "ftp",
		[PROTO_FTPS] = "ftps" };

	return (size_t)p < sizeof names / sizeof names[0] ? names[p] : "?";
}
