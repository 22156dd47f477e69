/* server/files.c */
