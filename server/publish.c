/* server/publish.c */
