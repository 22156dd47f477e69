#include "formats/writer.h"

extern const struct writer write_conversion_center;
const struct writer write_conversion_center = { 0 };
