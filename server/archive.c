/* server/archive.c */
