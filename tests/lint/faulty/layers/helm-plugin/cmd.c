#include "commands.h"
#include "domain/plan.h"
