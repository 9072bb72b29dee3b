/* Prose that names in_prose and says what it does. */
#ifndef CORE_PROSE_H
#define CORE_PROSE_H

int in_prose(void);

static inline int hidden(void)
{
	return 0;
}

#endif
