/* server/ssh.h */
