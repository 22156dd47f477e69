/* server/merge.h */
