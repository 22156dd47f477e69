/* server/sorter.c */
