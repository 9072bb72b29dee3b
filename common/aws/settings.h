/*
 * What the AWS files say: ~/.aws/config and ~/.aws/credentials (or the files
 * that AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE name), by profile.
 *
 * For the same key the credentials file wins over the config file. Static keys
 * stand in these files, so the tree lives in an arena of its own that is wiped.
 * Facts: AWS SDKs and Tools Reference Guide, file-format and settings-reference.
 */
#ifndef AWS_SETTINGS_H
#define AWS_SETTINGS_H

#include "aws/client.h"

enum profile_by { PROFILE_BY_DEFAULT, PROFILE_BY_ENV, PROFILE_BY_FLAG };

struct aws_settings {
	struct arena mem;
	const char *profile;               /* "default" when nobody chose one */
	enum profile_by profile_by;
	const char *config_path, *credentials_path;  /* as people write them, "~/.aws/config" */
	const struct value *config;        /* {profile: {key: text}} of the config file; never NULL */
	const struct value *credentials;   /* the same of the credentials file */
	const struct value *services;      /* {name: {service: {key: text}}}: [services NAME] */
};

/* Reads both files; one that is not there is empty. The caller frees. ERR_CONFIG with file and line. */
MUST_CHECK int settings_read(struct aws_settings **out, const struct host *host,
                             const struct aws_flags *flags, struct err *e);
void settings_free(struct aws_settings *s);
SCOPE_END(settings, struct aws_settings *, settings_free(*v))

/* In either file. */
bool settings_has_profile(const struct aws_settings *s, const char *profile);

/* The value of a key in a profile, from whichever file has it; NULL when absent or empty. */
const char *settings_get(const struct aws_settings *s, const char *profile, const char *key);

/* "did you mean 'ops'?" as a hint when a profile of a similar name exists. */
void settings_hint_profile(const struct aws_settings *s, const char *profile, struct err *e);

/* The environment's value, else the profile's; NULL when neither has one. key may be NULL. */
const char *settings_choose(const struct aws_settings *s, const struct host *host, const char *variable,
                            const char *key);

/* The same for true and false; otherwise is for neither. ERR_CONFIG for any other word. */
MUST_CHECK int settings_bool(const struct aws_settings *s, const struct host *host, const char *variable,
                             const char *key, bool otherwise, bool *out, struct err *e);

#endif
