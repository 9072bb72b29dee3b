/* Quantities as Kubernetes writes them (resource.Quantity): sizes of volumes, limits of memory. */
#ifndef DOMAIN_QUANTITY_H
#define DOMAIN_QUANTITY_H

#include <stdint.h>

/* "512Mi", "1G", "134217728" in bytes; 0: none, or not understood. */
int64_t quantity_bytes(const char *text);

#endif
