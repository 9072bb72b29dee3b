#include "domain/inputs.h"

#include "aws/client.h"
#include "core/text.h"
#include "domain/names.h"
#include "domain/quantity.h"
#include "domain/world.h"

#include <ctype.h>

static int no_rewritten_word(const char *text, struct err *e)
{
	const char *word = names_rewritten_word(text);

	if (!word)
		return 0;
	err_set(e, ERR_CONFIG, 0, "holds the word '%s', which the chart's start script replaces", word);
	err_hint(e, "choose a name without %s", word);
	return -1;
}

static bool only(const char *text, const char *others)
{
	for (; *text; text++)
		if (!isalnum((unsigned char)*text) && !strchr(others, *text))
			return false;
	return true;
}

/* EKS: "^[0-9A-Za-z][A-Za-z0-9\-_]*", 100 at most (API_CreateCluster). */
static int check_cluster_name(const char *text, struct err *e)
{
	if (strlen(text) > 100 || !isalnum((unsigned char)*text) || !only(text, "-_"))
		return err_set(e, ERR_CONFIG, 0, "is no name of an EKS cluster");
	return no_rewritten_word(text, e);
}

/* RFC 1123 label: namespaces, service accounts and Helm releases. */
static int check_label(const char *text, struct err *e)
{
	size_t n = strlen(text);

	if (!n || n > 63 || text[0] == '-' || text[n - 1] == '-')
		return err_set(e, ERR_CONFIG, 0, "is no Kubernetes name (1 to 63 lower-case letters, digits, '-')");
	for (const char *p = text; *p; p++)
		if (!islower((unsigned char)*p) && !isdigit((unsigned char)*p) && *p != '-')
			return err_set(e, ERR_CONFIG, 0, "is no Kubernetes name (1 to 63 lower-case letters, digits, '-')");
	return 0;
}

static int check_region(const char *text, struct err *e)
{
	return aws_is_region(text) ? 0 : err_set(e, ERR_CONFIG, 0, "is no AWS region (such as eu-central-1)");
}

static int check_account(const char *text, struct err *e)
{
	size_t digits = strspn(text, "0123456789");

	if (digits != 12 || text[12])
		return err_set(e, ERR_CONFIG, 0, "is no AWS account (12 digits)");
	return 0;
}

/* DynamoDB: [a-zA-Z0-9_.-]{3,255} (API_CreateTable). */
static int check_table(const char *text, struct err *e)
{
	size_t n = strlen(text);

	if (n < 3 || n > TABLE_NAME_MAX || !only(text, "_.-"))
		return err_set(e, ERR_CONFIG, 0, "is no name of a table (3 to 255 letters, digits, '_', '.', '-')");
	return no_rewritten_word(text, e);
}

/* IAM: [\w+=,.@-]{1,64} (API_CreateRole). */
static int check_role(const char *text, struct err *e)
{
	size_t n = strlen(text);

	if (!n || n > ROLE_NAME_MAX || !only(text, "_+=,.@-"))
		return err_set(e, ERR_CONFIG, 0, "is no name of a role (1 to 64 letters, digits, '+=,.@_-')");
	return 0;
}

static int check_path(const char *text, struct err *e)
{
	size_t n = strlen(text);

	if (!n || n > 512 || text[0] != '/' || text[n - 1] != '/')
		return err_set(e, ERR_CONFIG, 0, "is no path of IAM (begins and ends with '/')");
	return 0;
}

static int check_arn(const char *text, struct err *e)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	AUTO(err) struct err why = {0};
	struct arn arn;

	return arn_parse(&a, text, &arn, &why) < 0 ? err_set(e, ERR_CONFIG, 0, "is no ARN") : 0;
}

static int check_prefix(const char *text, struct err *e)
{
	if (!*text || strlen(text) > 200 || !only(text, "_-"))
		return err_set(e, ERR_CONFIG, 0, "is no prefix of names (letters, digits, '_', '-')");
	return no_rewritten_word(text, e);
}

static int check_issuer(const char *text, struct err *e)
{
	size_t n = strlen(text);

	if (!text_starts(text, "https://") && strstr(text, "://"))
		return err_set(e, ERR_CONFIG, 0, "is no issuer (https://...)");
	if (!n || text[n - 1] == '/')
		return err_set(e, ERR_CONFIG, 0, "ends in '/', which an issuer does not");
	return 0;
}

/* A resource.Quantity of whole bytes, and more than a few: "10" would be ten bytes. */
static int check_size(const char *text, struct err *e)
{
	if (isdigit((unsigned char)*text) && !strpbrk(text, "xXeEpP") && quantity_bytes(text) >= 1 << 20)
		return 0;
	err_set(e, ERR_CONFIG, 0, "is no size of a volume");
	err_hint(e, "write it as Kubernetes does, such as 10Gi");
	return -1;
}

/* RFC 1123 subdomain: storage classes. */
static int check_subdomain(const char *text, struct err *e)
{
	size_t n = strlen(text);

	if (!n || n > 253 || !only(text, "-.") || strpbrk(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") || !isalnum((unsigned char)*text) ||
	    !isalnum((unsigned char)text[n - 1]))
		return err_set(e, ERR_CONFIG, 0, "is no Kubernetes name (lower-case letters, digits, '-', '.')");
	return 0;
}

/* S3, general purpose buckets: 3 to 63 lower-case letters, digits, '.' and '-', begun and ended by a letter or digit. */
static int check_bucket(const char *text, struct err *e)
{
	AUTO(err) struct err why = {0};
	size_t n = strlen(text);

	if (n < 3 || n > 63 || check_subdomain(text, &why) < 0)
		return err_set(e, ERR_CONFIG, 0, "is no name of a bucket (3 to 63 lower-case letters, digits, '-', '.')");
	return 0;
}

static const char *const audit_words[] = { "cloudwatch", "s3", NULL };
static int check_tls(const char *text, struct err *e)
{
	AUTO(err) struct err why = {0};

	if (tls_mode_of(text) == TLS_UNKNOWN)
		return err_set(e, ERR_CONFIG, 0, "is none of off, auto, own, cert-manager and secret:NAME");
	if (text_starts(text, TLS_SECRET_PREFIX) && check_label(text + strlen(TLS_SECRET_PREFIX), &why) < 0)
		return err_set(e, ERR_CONFIG, 0, "names no Secret of Kubernetes");
	return 0;
}

static int check_tls_issuer(const char *text, struct err *e)
{
	AUTO(err) struct err why = {0};
	const char *name = strchr(text, '/');

	if (!name || (!text_starts(text, "Issuer/") && !text_starts(text, "ClusterIssuer/")) || check_label(name + 1, &why) < 0)
		return err_set(e, ERR_CONFIG, 0, "is no issuer of cert-manager's (Issuer/NAME or ClusterIssuer/NAME)");
	return 0;
}

static const char *const billing_words[] = { "on-demand", "provisioned", NULL };

#define KEY(n, t, ...) { .name = n, .type = t, __VA_ARGS__ }

const struct input_key input_keys[] = {
	KEY("cluster_name", KEY_TEXT, .flags = KEY_REQUIRED | KEY_MODULE | KEY_MAY_FIND, .metavar = "NAME",
	    .check = check_cluster_name, .help = "EKS cluster that Vault runs on (found from the kube context)"),
	KEY("environment", KEY_TEXT, .flags = KEY_REQUIRED | KEY_MODULE, .metavar = "NAME",
	    .help = "what this Vault is for, such as production; becomes the tag Environment"),
	KEY("oidc_provider_arn", KEY_TEXT, .flags = KEY_MODULE | KEY_MAY_FIND, .metavar = "ARN", .check = check_arn,
	    .help = "IAM OIDC provider of the cluster (found from EKS; checked when given)"),
	KEY("oidc_provider_url", KEY_TEXT, .flags = KEY_MODULE | KEY_MAY_FIND, .metavar = "URL", .check = check_issuer,
	    .help = "issuer of the cluster's tokens (found from EKS; checked when given)"),
	KEY("vault_namespace", KEY_TEXT, .flags = KEY_MODULE, .fallback = "vault", .metavar = "NAMESPACE",
	    .check = check_label, .help = "Kubernetes namespace of Vault"),
	KEY("vault_service_account", KEY_TEXT, .flags = KEY_MODULE, .fallback = "vault", .metavar = "NAME",
	    .check = check_label, .help = "Kubernetes service account of Vault"),
	KEY("kms_deletion_window_days", KEY_INT, .flags = KEY_MODULE, .fallback = "7", .metavar = "DAYS", .min = 7, .max = 30,
	    .help = "how long a deleted key can be had back"),
	KEY("kms_enable_key_rotation", KEY_BOOL, .flags = KEY_MODULE, .fallback = "true",
	    .help = "rotate the key's material by itself"),
	KEY("dynamodb_point_in_time_recovery", KEY_BOOL, .flags = KEY_MODULE, .fallback = "true",
	    .help = "continuous backups of the table (PITR)"),
	KEY("tags", KEY_TAGS, .flags = KEY_MODULE, .metavar = "KEY=VALUE", .help = "tags for everything that is made"),

	KEY("region", KEY_TEXT, .flags = KEY_REQUIRED | KEY_MAY_FIND, .metavar = "REGION", .check = check_region,
	    .help = "AWS region of key and table (the cluster's)"),
	KEY("account", KEY_TEXT, .metavar = "ID", .check = check_account, .help = "refuse to work in any other AWS account"),
	KEY("name_prefix", KEY_TEXT, .metavar = "PREFIX", .check = check_prefix,
	    .help = "in names, instead of <cluster>-vault"),
	KEY("release", KEY_TEXT, .fallback = "vault", .metavar = "NAME", .check = check_label, .help = "Helm release"),
	KEY("replicas", KEY_INT, .fallback = "3", .metavar = "N", .min = 1, .max = 11, .help = "Vault pods"),
	KEY("chart", KEY_TEXT, .fallback = "hashicorp/vault", .metavar = "CHART",
	    .help = "the chart: a name, a folder or an archive"),
	KEY("chart_version", KEY_TEXT, .fallback = "0.34.1", .metavar = "VERSION", .help = "version of the chart"),
	KEY("image_tag", KEY_TEXT, .fallback = "1.21.1", .metavar = "TAG", .help = "version of Vault"),
	KEY("permissions_boundary", KEY_TEXT, .metavar = "ARN", .check = check_arn, .help = "permissions boundary of the role"),
	KEY("role_path", KEY_TEXT, .fallback = "/", .metavar = "PATH", .check = check_path, .help = "IAM path of the role"),
	KEY("iam_role_name", KEY_TEXT, .metavar = "NAME", .check = check_role, .help = "name of the role"),
	KEY("kms_key_id", KEY_TEXT, .metavar = "ID", .check = no_rewritten_word,
	    .help = "use this key (id or ARN), which is not changed"),
	KEY("kms_rotation_days", KEY_INT, .fallback = "365", .metavar = "DAYS", .min = 90, .max = 2560,
	    .help = "period of the key's rotation"),
	KEY("kms_multi_region", KEY_BOOL, .fallback = "false", .help = "make a multi-Region key"),
	KEY("dynamodb_table_name", KEY_TEXT, .metavar = "NAME", .check = check_table, .help = "name of the table"),
	KEY("dynamodb_billing", KEY_TEXT, .fallback = "on-demand", .metavar = "MODE", .words = billing_words,
	    .help = "on-demand or provisioned"),
	KEY("dynamodb_read_capacity", KEY_INT, .fallback = "5", .metavar = "UNITS", .min = 1, .max = 40000,
	    .help = "read capacity, when provisioned"),
	KEY("dynamodb_write_capacity", KEY_INT, .fallback = "5", .metavar = "UNITS", .min = 1, .max = 40000,
	    .help = "write capacity, when provisioned"),
	KEY("dynamodb_pitr_days", KEY_INT, .fallback = "35", .metavar = "DAYS", .min = 1, .max = 35,
	    .help = "how far back PITR reaches"),
	KEY("dynamodb_kms_key_id", KEY_TEXT, .metavar = "ARN", .check = check_arn,
	    .help = "encrypt the table with this KMS key instead of AWS's own"),
	KEY("dynamodb_deletion_protection", KEY_BOOL, .fallback = "true", .help = "protect the table from deletion"),
	KEY("create_oidc_provider", KEY_BOOL, .fallback = "true",
	    .help = "make the cluster's IAM OIDC provider where it is missing"),
	KEY("tls", KEY_TEXT, .fallback = "off", .bare = "auto", .metavar = "MODE", .check = check_tls,
	    .help = "certificate of the listener: off, own, cert-manager, secret:NAME; auto: cert-manager where the cluster has it, "
	            "else own"),
	KEY("tls_issuer", KEY_TEXT, .metavar = "KIND/NAME", .check = check_tls_issuer,
	    .help = "with cert-manager: the Issuer or ClusterIssuer that signs (default: an authority made for it)"),
	KEY("tls_renew_image", KEY_TEXT, .metavar = "IMAGE",
	    .help = "with --tls=own: an image with this program, for a CronJob that renews the certificate"),
	KEY("injector", KEY_BOOL, .fallback = "false", .help = "run the chart's agent injector"),
	KEY("audit_storage", KEY_TEXT, .metavar = "SIZE", .check = check_size,
	    .help = "a volume for audit logs in each pod; later by upgrade alone"),
	KEY("audit_storage_class", KEY_TEXT, .metavar = "NAME", .check = check_subdomain,
	    .help = "storage class of these volumes (the cluster's default)"),
	KEY("audit_to", KEY_TEXT, .metavar = "PLACE", .words = audit_words,
	    .help = "collect what is audited to stdout: cloudwatch or s3"),
	KEY("audit_bucket", KEY_TEXT, .metavar = "NAME", .check = check_bucket, .help = "the bucket, for audit_to s3"),
	KEY("network_policy", KEY_LIST, .metavar = "NAMESPACES", .check = check_label,
	    .help = "only these namespaces may reach Vault, by a NetworkPolicy"),
};

const size_t n_input_keys = COUNT_OF(input_keys);

int input_key_find(const char *name)
{
	for (size_t i = 0; i < n_input_keys; i++)
		if (text_same(input_keys[i].name, name))
			return (int)i;
	return -1;
}

static bool is_given(const struct inputs *in, const char *name)
{
	const struct input *at = inputs_at(in, name);

	return at->value && at->given;
}

void input_keys_agree(const struct inputs *in, struct err *e)
{
	const char *to = inputs_text(in, "audit_to");

	if (is_given(in, "audit_storage_class") && !inputs_text(in, "audit_storage"))
		err_also(e, ERR_CONFIG, "%s: 'audit_storage_class' without 'audit_storage', the size of the volume",
		         inputs_at(in, "audit_storage_class")->from);
	if (is_given(in, "audit_bucket") && !text_same(to, "s3"))
		err_also(e, ERR_CONFIG, "%s: 'audit_bucket' is for 'audit_to' s3", inputs_at(in, "audit_bucket")->from);
	if (text_same(to, "s3") && !inputs_text(in, "audit_bucket")) {
		err_also(e, ERR_CONFIG, "%s: 'audit_to' s3 takes a bucket, and 'audit_bucket' is missing",
		         inputs_at(in, "audit_to")->from);
		err_hint(e, "give --audit-bucket NAME, a bucket that is there");
	}
}
