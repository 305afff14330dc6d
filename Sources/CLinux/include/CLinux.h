#pragma once
#include "nlg_sys.h"
#include "nlg_confine.h"
#include "nlg_exec.h"
