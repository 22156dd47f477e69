/* formats/map.c */
