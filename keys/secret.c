/* keys/secret.c */
