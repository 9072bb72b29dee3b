/* The texts of HCL: quoted ones and heredocs. For hcl.c alone. */
#ifndef FORMATS_HCL_TEXT_H
#define FORMATS_HCL_TEXT_H

#include "formats/cursor.h"

struct hcl_reader {
	struct cursor at;
	struct arena *a;
	struct err *e;
};

/* ERR_CONFIG with the mark in front. Returns -1. */
int hcl_refuse(struct hcl_reader *r, const struct mark *mark, const char *why);

/* The cursor stands on '"'. NULL with the error. */
struct value *hcl_read_quoted(struct hcl_reader *r);

/* The cursor stands on "<<". NULL with the error. The line end behind the closing word stays. */
struct value *hcl_read_heredoc(struct hcl_reader *r);

#endif
