/* server/ctl_dumps.c */
