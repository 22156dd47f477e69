/*
 * A row of tests/data/vectors.tsv, and the checks that have a file of their
 * own (vectors_metrica.c).
 */
#ifndef TESTS_FORMATS_VECTORS_H
#define TESTS_FORMATS_VECTORS_H

struct vector {
	char *field, *input, *expected;
};

/* A cell of an output of Metrica's: "off.Target", "calls.PhoneNumber". */
void metrica_cell(const struct vector *v);

/* A key of the connector's JSON. */
void json_key(const struct vector *v);

#endif
