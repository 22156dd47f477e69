/* server/event.c */
