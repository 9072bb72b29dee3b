#include "fake/cloud.h"
#include "aws/client.h"
