/* server/rebuild.h */
