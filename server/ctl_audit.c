/* server/ctl_audit.c */
