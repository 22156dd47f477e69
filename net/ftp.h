/*
 * FTP and FTPS service, the accepting process (master.h).  Besides, it makes
 * the listeners of its children's data connections (ftp_data.h).
 */
#ifndef NET_FTP_H
#define NET_FTP_H

struct worker;
int ftp_main(struct worker *w);

#endif
