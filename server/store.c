/* server/store.c */
