#include "formats/reader.h"

extern const struct syntax read_csv;
const struct syntax read_csv = { 0 };
