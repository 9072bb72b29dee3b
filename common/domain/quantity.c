#include "domain/quantity.h"

#include "core/text.h"

#include <stdlib.h>

int64_t quantity_bytes(const char *text)
{
	static const struct { const char *suffix; double factor; } units[] = {
		{ "", 1 }, { "k", 1e3 }, { "M", 1e6 }, { "G", 1e9 }, { "T", 1e12 }, { "m", 1e-3 },
		{ "Ki", 1024 }, { "Mi", 1048576 }, { "Gi", 1073741824 }, { "Ti", 1099511627776 },
	};
	char *end;
	double number;

	if (text_empty(text))
		return 0;
	number = strtod(text, &end);
	if (end == text || !(number >= 0) || number > 1e15)
		return 0;
	for (size_t i = 0; i < COUNT_OF(units); i++)
		if (text_same(end, units[i].suffix))
			return number * units[i].factor < 9e18 ? (int64_t)(number * units[i].factor) : 0;
	return 0;
}
