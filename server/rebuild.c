/* server/rebuild.c */
