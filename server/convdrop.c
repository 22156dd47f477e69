/* server/convdrop.c */
