/* server/ctl_publish.c */
