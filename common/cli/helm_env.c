#include "cli/app.h"

#include "core/text.h"

/* "g1,g1,g2": helm doubles what --kube-as-group names. */
static void read_groups(struct app *app, const char *text)
{
	struct view rest = view_text(text);

	while (rest.p) {
		struct view group = view_cut(&rest, ',');
		bool seen = group.n == 0;

		for (size_t i = 0; i < app->as_groups.n; i++)
			seen |= view_is(group, app->as_groups.at[i]);
		if (!seen)
			text_list_add(&app->mem, &app->as_groups, arena_view(&app->mem, group));
	}
}

int helm_env_read(struct app *app, struct err *e)
{
	const struct host *h = &app->host;
	struct helm_env *helm = &app->helm;
	struct kube_flags *kube = &app->kube;
	const char *truth;
	bool insecure = false;

	helm->bin = host_env(h, "HELM_BIN");
	if (!helm->bin)
		helm->bin = "helm";
	helm->plugin_dir = host_env(h, "HELM_PLUGIN_DIR");
	helm->namespace_ = host_env(h, "HELM_NAMESPACE");

	kube->context = host_env(h, "HELM_KUBECONTEXT");
	kube->server = host_env(h, "HELM_KUBEAPISERVER");
	kube->as_user = host_env(h, "HELM_KUBEASUSER");
	kube->ca_file = host_env(h, "HELM_KUBECAFILE");
	kube->tls_server_name = host_env(h, "HELM_KUBETLS_SERVER_NAME");
	if (host_env(h, "HELM_KUBEASGROUPS"))
		read_groups(app, host_env(h, "HELM_KUBEASGROUPS"));
	if (host_env(h, "HELM_KUBETOKEN"))
		secret_set(&kube->token, view_text(host_env(h, "HELM_KUBETOKEN")));

	truth = host_env(h, "HELM_DEBUG");
	if (truth)
		(void)option_bool(truth, &app->debug);
	truth = host_env(h, "HELM_KUBEINSECURE_SKIP_TLS_VERIFY");
	if (truth && option_bool(truth, &insecure) && insecure) {
		err_set(e, ERR_USAGE, 0, "'--kube-insecure-skip-tls-verify' is refused: TLS is always verified");
		err_hint(e, "name the API server's CA with --kube-ca-file");
		return -1;
	}
	return 0;
}
