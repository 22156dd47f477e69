/*
 * Texts for people.  formats/ knows no language: it marks its texts, and
 * whoever shows them says how they are translated.
 */
#ifndef FORMATS_MESSAGE_H
#define FORMATS_MESSAGE_H

/* Marks a constant text for the catalogue (po/) and leaves it as it is. */
#define N_(text) text

/* The text in the language of the one who reads it; as it is, until
 * message_use has named a translator. */
const char *message(const char *text) __attribute__((format_arg(1)));

void message_use(char *(*translator)(const char *text));

#endif
