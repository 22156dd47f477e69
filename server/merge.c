/* server/merge.c */
