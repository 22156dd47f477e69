/* server/tree.c */
