/* formats/out.c */
