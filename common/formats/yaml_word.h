/* What a bare word of YAML means, and which texts may be written bare. For yaml*.c alone. */
#ifndef FORMATS_YAML_WORD_H
#define FORMATS_YAML_WORD_H

#include "core/value.h"

/* A bare word's value, as resolve.go of Go's yaml/v2 has it; a text when it is nothing else. */
struct value *yaml_word_value(struct arena *a, struct view word);

/* Whether every reader of YAML 1.1 and 1.2 takes the bare text for that text. */
bool yaml_word_is_text(struct view text);

#endif
