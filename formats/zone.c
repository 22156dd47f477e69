/* formats/zone.c */
