/* server/audit.c */
