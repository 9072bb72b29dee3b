#include <cjson/cJSON.h>
#include <yaml.h>
#include <expat.h>
