/* keys/hostkey.c */
