/* keys/token.c */
