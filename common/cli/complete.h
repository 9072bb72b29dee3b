/*
 * Completion for helm's plugin.complete and kubectl's kubectl_complete-*: both
 * give the words after the plugin's name, the last one being completed, and
 * take lines `value<TAB>description` and at the end `:4` (no file names) or `:0`
 * (file names too). Nobody filters by prefix for us, so we do. helm has removed
 * its own flags from the words before we see them; kubectl removes nothing.
 */
#ifndef CLI_COMPLETE_H
#define CLI_COMPLETE_H

#include "cli/command.h"

/* The program that kubectl asks: kubectl_complete-vault_check, beside kubectl-vault_check. */
extern const char kubectl_complete_script[];

/* words: as __complete got them. */
void complete_print(struct buf *out, struct app *app, const struct text_list *words);

#endif
