/* server/ssh.c */
