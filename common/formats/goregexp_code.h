/* What an expression is compiled to; goregexp.c writes it, goregexp_match.c carries it out. For them alone. */
#ifndef FORMATS_GOREGEXP_CODE_H
#define FORMATS_GOREGEXP_CODE_H

#include "formats/goregexp.h"

enum re_op { RE_SET, RE_SPLIT, RE_JUMP, RE_SAVE, RE_BEGIN, RE_END, RE_MATCH };

/* Jumps are from the instruction itself, so that a block may be moved as it is. */
struct re_code {
	enum re_op op;
	int first, second;        /* of a split, in the order of preference; of a jump: first; of a save: its slot */
	unsigned char set[16];    /* of the 128 characters of ASCII */
};

struct goregexp {
	struct re_code *code;
	int n;
	int groups;               /* with the whole match, which is the first */
};

#endif
