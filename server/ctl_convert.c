/* server/ctl_convert.c */
