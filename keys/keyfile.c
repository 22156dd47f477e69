/* keys/keyfile.c */
