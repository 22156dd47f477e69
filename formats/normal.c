/* formats/normal.c */
