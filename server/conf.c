/* server/conf.c */
