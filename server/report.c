/* server/report.c */
