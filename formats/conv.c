/* formats/conv.c */
