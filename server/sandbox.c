/* server/sandbox.c */
