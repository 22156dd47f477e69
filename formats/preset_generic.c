#include "formats/preset.h"

extern const struct preset preset_generic;
const struct preset preset_generic = { 0 };
