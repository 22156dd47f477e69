/* server/http.c */
