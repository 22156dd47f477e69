/* server/limit.c */
