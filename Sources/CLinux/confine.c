#include "nlg_confine.h"
