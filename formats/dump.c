/* formats/dump.c */
