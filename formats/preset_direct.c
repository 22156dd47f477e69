#include "formats/preset.h"

extern const struct preset preset_direct;
const struct preset preset_direct = { 0 };
