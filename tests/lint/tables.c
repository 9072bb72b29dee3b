/* Prints as JSON what README.md says of the rows: the inputs, and every exit code that can be. */
#include "cli/command.h"
#include "formats/json.h"

#include <signal.h>
#include <stdio.h>

static void put_inputs(struct arena *a, struct value *inputs)
{
	for (size_t i = 0; i < n_input_keys; i++) {
		const struct input_key *key = &input_keys[i];
		struct value *row = value_push(a, inputs, value_new_map(a));

		value_set_text(a, row, "name", key->name);
		value_set_text(a, row, "help", key->help);
		value_set_text(a, row, "fallback", key->fallback);
		value_set_bool(a, row, "required", key->flags & KEY_REQUIRED);
		value_set_bool(a, row, "found", key->flags & KEY_MAY_FIND);
	}
}

static void put_code_of(struct arena *a, struct value *codes, enum err_kind kind, int status)
{
	struct err e = { .kind = kind, .status = status };

	value_push(a, codes, value_new_int(a, err_exit_code(&e)));
}

static void put_exit_codes(struct arena *a, struct value *codes)
{
	for (int kind = ERR_NONE; kind <= ERR_BUG; kind++)
		put_code_of(a, codes, kind, SIGINT);
	put_code_of(a, codes, ERR_STOPPED, SIGTERM);
	value_push(a, codes, value_new_int(a, EXIT_PENDING));
}

int main(void)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	AUTO(buf) struct buf text = BUF_MAX(1 << 20);
	struct value *root = value_new_map(&a);

	put_inputs(&a, value_set(&a, root, "inputs", value_new_list(&a)));
	put_exit_codes(&a, value_set(&a, root, "exit_codes", value_new_list(&a)));
	va_json_print(&text, root, true);
	return fputs(buf_str(&text), stdout) < 0;
}
