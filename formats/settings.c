/* formats/settings.c */
