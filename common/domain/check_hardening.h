/* Judges of the hardening family that have a file of their own. */
#ifndef DOMAIN_CHECK_HARDENING_H
#define DOMAIN_CHECK_HARDENING_H

#include "domain/check.h"

/* check_collector.c: whether anything takes audit lines away from the nodes. */
enum verdict judge_collected(const struct diag *d, struct finding *f);

#endif
