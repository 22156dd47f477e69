#include "formats/rejects.h"
