/* server/http.h */
