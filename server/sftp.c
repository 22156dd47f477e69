/* server/sftp.c */
