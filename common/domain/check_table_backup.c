/* dynamodb: could the data be brought back? */
#include "domain/check_kms.h"

#include "core/text.h"

#include <inttypes.h>

enum { OLD_BACKUP_DAYS = 7 };

static bool pitr_on(const struct diag *d)
{
	return text_same(value_text_or(diag_dynamodb(d)->backups, "PointInTimeRecoveryDescription.PointInTimeRecoveryStatus", ""),
	                 "ENABLED");
}

JUDGE(judge_pitr)
{
	const struct value *pitr = value_get(diag_dynamodb(d)->backups, "PointInTimeRecoveryDescription");
	int64_t earliest_ms = diag_stamp_ms(value_get(pitr, "EarliestRestorableDateTime"));
	int64_t now_ms = host_wall_ms(d->host);

	if (!pitr_on(d)) {
		found(f, "point-in-time recovery is off: what is deleted by mistake is gone");
		fix(f, "aws dynamodb update-continuous-backups --region %s --table-name %s --point-in-time-recovery-specification "
		       "PointInTimeRecoveryEnabled=true", shell_word(f->mem, diag_table_region(d)),
		    shell_word(f->mem, diag_table_name(d)));
		return VERDICT_WARN;
	}
	found(f, "point-in-time recovery over %" PRId64 " days%s%s", value_int_or(pitr, "RecoveryPeriodInDays", 35),
	      earliest_ms ? ", since " : "", earliest_ms ? ago(f->mem, earliest_ms, now_ms) : "");
	return VERDICT_PASS;
}

JUDGE(judge_backup)
{
	const struct diag_dynamodb *p = diag_dynamodb(d);
	int64_t now_ms = host_wall_ms(d->host);
	bool old = now_ms - p->last_backup_ms > (int64_t)OLD_BACKUP_DAYS * 86400 * 1000;

	if (p->last_backup)
		found(f, "the newest of %zu backups is '%s', made %s", p->n_backups, p->last_backup,
		      ago(f->mem, p->last_backup_ms, now_ms));
	else
		found(f, "there is no backup%s", pitr_on(d) ? " but point-in-time recovery, which ends with the table" : "");
	if (pitr_on(d) || !p->backups_read || !old)
		return VERDICT_INFO;
	fix(f, "aws dynamodb create-backup --region %s --table-name %s --backup-name %s-by-hand",
	    shell_word(f->mem, diag_table_region(d)), shell_word(f->mem, diag_table_name(d)),
	    shell_word(f->mem, diag_table_name(d)));
	return VERDICT_WARN;
}
