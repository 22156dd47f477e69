/* keys/cert.c */
