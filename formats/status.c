/* formats/status.c */
