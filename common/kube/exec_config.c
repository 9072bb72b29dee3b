#include "core/text.h"
#include "kube/open.h"

/* user.exec of the kubeconfig; what running it means is in login.c. */

static int check_version(const struct kube_exec *x, const struct kubeconfig_entry *user,
						 struct err *e)
{
	static const char *const spoken[] = {
		"client.authentication.k8s.io/v1",
		"client.authentication.k8s.io/v1beta1",
	};

	for (size_t i = 0; i < COUNT_OF(spoken); i++)
		if (text_same(x->api_version, spoken[i]))
			return 0;
	err_set(e, ERR_CONFIG, 0,
			"the credential plugin of the user '%s' has the apiVersion '%s', which is %s",
			user->name, x->api_version ? x->api_version : "",
			text_same(x->api_version, "client.authentication.k8s.io/v1alpha1") ? "no longer spoken"
																			   : "not known");
	err_hint(e, "write the kubeconfig anew with a current tool; for EKS: aws eks update-kubeconfig "
				"--name CLUSTER");
	return -1;
}

static int check_mode(struct kube_exec *x, const struct kubeconfig_entry *user, struct err *e)
{
	static const char *const modes[] = { "Never", "IfAvailable", "Always" };

	if (!x->interactive_mode && text_ends(x->api_version, "/v1beta1"))
		x->interactive_mode = "IfAvailable";
	for (size_t i = 0; i < COUNT_OF(modes); i++)
		if (text_same(x->interactive_mode, modes[i]))
			return 0;
	err_set(e, ERR_CONFIG, 0, "the credential plugin of the user '%s' has %s '%s'", user->name,
			x->interactive_mode ? "the unknown interactiveMode"
								: "no interactiveMode, which goes with",
			x->interactive_mode ? x->interactive_mode : x->api_version);
	err_hint(e, "set it to Never, IfAvailable or Always");
	return -1;
}

static int read_env(struct kube *k, const struct kubeconfig_entry *plugin, struct kube_exec *x,
					struct err *e)
{
	const struct value *list = value_get(plugin->v, "env");
	const char **env;

	if (!list || list->type != VALUE_LIST || list->n == 0)
		return 0;
	env = ARENA_ARRAY(k->mem, const char *, list->n + 1);
	for (size_t i = 0; i < list->n; i++) {
		const char *name, *value;

		if (value_text(list->items[i], "name", &name, e) < 0 ||
			value_text(list->items[i], "value", &value, e) < 0)
			return err_while(e, "the credential plugin's environment of the user '%s'",
							 plugin->name);
		env[i] = arena_printf(k->mem, "%s=%s", name, value);
	}
	x->env = env;
	return 0;
}

static int read_command(struct kube *k, const struct kubeconfig_entry *plugin, struct kube_exec *x,
						struct err *e)
{
	const char *command;

	if (kubeconfig_text(plugin, "command", &command, e) < 0)
		return -1;
	if (!command)
		return err_set(e, ERR_CONFIG, 0, "the credential plugin of the user '%s' has no command",
					   plugin->name);
	/* A bare name is looked up on PATH, never in the kubeconfig's folder (clientcmd/loader.go). */
	x->command = strchr(command, '/') ? kubeconfig_path(plugin, k->mem, command)
									  : arena_text(k->mem, command);
	return 0;
}

int kube_open_exec(struct kube *k, const struct kubeconfig_entry *user, struct err *e)
{
	struct kubeconfig_entry plugin = *user;
	struct kube_exec *x;
	const char *version, *mode, *hint;

	plugin.v = value_get(user->v, "exec");
	if (!plugin.v || plugin.v->type != VALUE_MAP)
		return 0;
	x = ARENA_NEW(k->mem, struct kube_exec);
	if (read_command(k, &plugin, x, e) < 0 ||
		kubeconfig_texts(&plugin, k->mem, "args", &x->args, e) < 0 ||
		read_env(k, &plugin, x, e) < 0 || kubeconfig_text(&plugin, "apiVersion", &version, e) < 0 ||
		kubeconfig_text(&plugin, "interactiveMode", &mode, e) < 0 ||
		kubeconfig_text(&plugin, "installHint", &hint, e) < 0)
		return -1;
	x->api_version = arena_text(k->mem, version);
	x->interactive_mode = arena_text(k->mem, mode);
	x->install_hint = arena_text(k->mem, hint);
	x->provide_cluster_info = value_bool_or(plugin.v, "provideClusterInfo", false);
	if (check_version(x, user, e) < 0 || check_mode(x, user, e) < 0)
		return -1;
	k->exec = x;
	return 0;
}
