/* formats/check.c */
