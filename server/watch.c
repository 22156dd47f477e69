/* server/watch.c */
