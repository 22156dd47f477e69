/* server/ctl_user.c */
