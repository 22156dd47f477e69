/*
 * The protocols that we serve, and how long the name of who uses them is.
 */
#ifndef SERVER_PROTOCOL_H
#define SERVER_PROTOCOL_H

enum protocol {
	PROTO_SFTP,
	PROTO_HTTPS,
	PROTO_HTTP,
	PROTO_FTP,
	PROTO_FTPS
};
const char *protocol_name(enum protocol p); /* "sftp" */

#define GRANT_USER_SIZE 72 /* "token:", 63 bytes of a name, and the end */

#endif
