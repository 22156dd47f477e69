/*
 * HTTP and HTTPS: one process, one thread, libmicrohttpd driven by our own
 * poll.  GET and HEAD of what tree shows.  Published files it opens itself
 * (its sandbox sees nothing else); for reports, inbox and archive it asks
 * `files`, for who somebody is, `auth`.
 */
#ifndef NET_HTTP_H
#define NET_HTTP_H

struct worker;
int http_main(struct worker *w);

#endif
