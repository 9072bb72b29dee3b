/*
 * kubeconfig: which cluster, who we are there, which namespace.
 *
 * Loading follows client-go (tools/clientcmd): --kubeconfig, else KUBECONFIG (a
 * list, merged, the first to set a thing wins), else ~/.kube/config; without
 * any, inside a pod, the service account's files. Relative paths are relative
 * to the file that holds them. `insecure-skip-tls-verify: true` is refused.
 * To a server without TLS no credentials are sent.
 *
 *	struct kube k;
 *
 *	if (kube_open(&k, &host, &mem, &flags, e) < 0 || kube_login(&k, transport, e) < 0)
 *		return -1;
 *	...
 *	kube_release(&k);
 */
#ifndef KUBE_CONFIG_H
#define KUBE_CONFIG_H

#include "core/host.h"
#include "core/secret.h"
#include "core/value.h"
#include "net/request.h"

struct kube_flags {                  /* NULL when not given */
	const char *kubeconfig, *context, *cluster, *user, *namespace_, *server, *token_file;
	const char *ca_file, *tls_server_name;
	const char *as_user, *const *as_groups;  /* groups NULL-terminated */
	struct secret token;             /* from a flag of the tool above us, never of ours */
	unsigned request_timeout_ms;     /* 0: none given */
	bool interactive;                /* stdin is a terminal and nobody else reads it: exec plugins may ask there */
};

enum { KUBE_IMPERSONATION_MAX = 16 };  /* groups and extras together: each is a header of every request */

struct kube_exec {                   /* user.exec, client.authentication.k8s.io */
	const char *api_version, *command; /* command: a name for PATH, or an absolute path */
	const char *const *args;         /* NULL-terminated */
	const char *const *env;          /* "NAME=value", NULL-terminated */
	const char *install_hint;
	bool provide_cluster_info;
	const char *interactive_mode;    /* "Never", "IfAvailable", "Always" */
};

/* tls points into it: it stays where kube_open filled it, until kube_release. */

struct kube {
	const char *context;             /* its name; "" when none (in a pod) */
	const char *server;              /* without a slash at the end */
	const char *cluster_name, *user_name;  /* the kubeconfig's names of them */
	const char *namespace_;          /* the flag's, else the context's, else "default" */
	const char *context_namespace;   /* the context's own, else "default" */
	struct tls tls;
	struct secret key_pem, token, password;
	const char *username;            /* basic */
	const char *as_user, *as_uid, *const *as_groups;
	const struct header *as_extra;   /* "Impersonate-Extra-KEY" and value, ended by a NULL name; NULL: none */
	const struct kube_exec *exec;    /* credentials still to be had by kube_login; NULL: none */
	const struct value *exec_cluster_config;
	int64_t token_expires_ms;        /* 0: never */
	const char *token_file;          /* read anew at each login */
	unsigned request_timeout_ms;
	bool interactive;
	const struct host *host;
	struct arena *mem;
};

/*
 * Reads files, asks nobody: what an exec plugin or a token file gives comes with kube_login (client.h). k needs no
 * kube_release after a failure. host and mem are borrowed and outlive k; what is secret is never put into mem.
 * ERR_CONFIG: no file, no such context ... (with the nearest name as hint); ERR_ABSENT: no cluster is configured at all.
 */
MUST_CHECK int kube_open(struct kube *k, const struct host *host, struct arena *mem,
                         const struct kube_flags *flags, struct err *e);
/*
 * The same for n contexts of one kubeconfig, which is read once however many they are. why (n of them, empty) tells
 * which of them cannot be opened, and why; -1 only when the kubeconfig itself cannot be read.
 */
MUST_CHECK int kube_open_contexts(struct kube *const *k, const char *const *contexts, size_t n, const struct host *host,
                                  struct arena *mem, const struct kube_flags *flags, struct err *why, struct err *e);
/* The names of all contexts of the kubeconfig, in order, in mem; NULL-terminated. ERR_ABSENT: there are none. */
MUST_CHECK int kube_contexts(const struct host *host, struct arena *mem, const struct kube_flags *flags,
                             const char *const **out, struct err *e);
/* Wipes the secrets; k is empty afterwards. May be called again. */
void kube_release(struct kube *k);
SCOPE_END(kube, struct kube, kube_release(v))

/*
 * What an EKS user's kubeconfig says about the cluster, each NULL when it does not: an EKS ARN as the cluster's or
 * context's name, the arguments of `aws eks get-token` and aws-iam-authenticator, eksctl's NAME.REGION.eksctl.io, and
 * AWS_PROFILE and AWS_REGION in the exec plugin's environment, the region in an EKS server's address. What the token's
 * plugin is told wins over names. `from` says where it was found; NULL when nothing was.
 */
struct kube_eks {
	const char *cluster, *region, *account, *profile, *role_arn, *from;
};
struct kube_eks kube_find_eks(const struct kube *k, struct arena *a);

#endif
