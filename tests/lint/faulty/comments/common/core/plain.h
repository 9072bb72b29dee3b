#ifndef CORE_PLAIN_H
#define CORE_PLAIN_H

/* Told. */
int told(int a);
int told_too(int a);

int untold(int a);
int beside(int a);   /* told at the side */

struct thing *thing_new(void);
void thing_free(struct thing *t);
MUST_CHECK int thing_do(struct thing *t, const char *with,
                        struct err *e);

#endif
