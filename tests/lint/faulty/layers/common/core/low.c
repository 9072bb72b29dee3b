#include "net/loop.h"
#include <core/err.h>
#include "low.h"
/* #include "cli/app.h" in a comment does not count */
#include "core/low.h"
