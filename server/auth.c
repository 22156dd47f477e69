/* server/auth.c */
