/* server/ingest.c */
