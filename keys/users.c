/* keys/users.c */
