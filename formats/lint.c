/* formats/lint.c */
