/* server/ctl_status.c */
