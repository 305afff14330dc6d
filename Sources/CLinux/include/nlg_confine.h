// prctl, Landlock, namespaces, credentials and spawning: what confinement needs from C.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
