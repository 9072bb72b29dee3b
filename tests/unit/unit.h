/* What each unit test includes first: cmocka and what it wants to have been included before. */
#ifndef UNIT_UNIT_H
#define UNIT_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* The text, with what was really there in the message; NULL only equals NULL. */
#define assert_text(have, want) assert_string_equal((have) ? (have) : "(null)", (want))

#endif
