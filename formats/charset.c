/* formats/charset.c */
