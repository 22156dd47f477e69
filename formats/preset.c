/* formats/preset.c */
