/* server/ctl_lint.c */
