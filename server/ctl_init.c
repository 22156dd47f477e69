/* server/ctl_init.c */
