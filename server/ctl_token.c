/* server/ctl_token.c */
