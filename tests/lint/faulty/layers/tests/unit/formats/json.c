#include "unit.h"
#include "aws/client.h"
#include "core/err.h"
