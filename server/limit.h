/* server/limit.h */
