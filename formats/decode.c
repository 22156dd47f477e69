/* formats/decode.c */
