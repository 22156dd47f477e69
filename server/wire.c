/* server/wire.c */
