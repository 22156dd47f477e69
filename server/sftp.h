/* server/sftp.h */
