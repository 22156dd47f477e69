/* server/ctl_rebuild.c */
