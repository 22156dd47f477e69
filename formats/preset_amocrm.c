#include "formats/preset.h"

extern const struct preset preset_amocrm;
const struct preset preset_amocrm = { 0 };
