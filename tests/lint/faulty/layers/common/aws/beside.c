#include "kube/client.h"
#include "net/loop.h"
