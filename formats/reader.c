/* formats/reader.c */
