/* formats/writer.c */
