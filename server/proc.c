/* server/proc.c */
