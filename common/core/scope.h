/*
 * Scope-bound cleanup and the attributes that keep callers honest.
 *
 * AUTO(type) runs type's release when the variable leaves its scope, so that
 * every early return is a whole failure branch and no `goto out` is needed:
 *
 *	AUTO(text) char *copy = xstrdup(name);
 *	...
 *	*out = take(copy);
 *	return 0;
 */
#ifndef CORE_SCOPE_H
#define CORE_SCOPE_H

#include <stdlib.h>

#define MUST_CHECK __attribute__((warn_unused_result))
#define PRINTF_LIKE(f, a) __attribute__((format(printf, f, a)))
#define NO_RETURN __attribute__((noreturn))
#define UNUSED __attribute__((unused))

#define AUTO(type) __attribute__((cleanup(type##_at_scope_end)))
#define SCOPE_END(type, T, undo) \
	static inline UNUSED void type##_at_scope_end(T *v) \
	{ \
		undo; \
	}

SCOPE_END(text, char *, free(*v))

/* Empties slot and gives what it held, type kept: the caller now owns it. */
#define take(slot) \
	({ \
		__typeof__(slot) *_s = &(slot); \
		__typeof__(slot) _held = *_s; \
		*_s = NULL; \
		_held; \
	})

#define COUNT_OF(array) (sizeof(array) / sizeof(*(array)))

#endif
