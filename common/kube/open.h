/* The parts of kube_open, one file each. Within kube/ only. */
#ifndef KUBE_OPEN_H
#define KUBE_OPEN_H

#include "kube/config.h"
#include "kube/kubeconfig.h"

/*
 * Who we are: certificate, token, name and password, exec plugin, impersonation, from the user's
 * entry (NULL: none) under the flags. To a server without TLS no credentials go, as with client-go:
 * nothing but impersonation is taken over then.
 */
MUST_CHECK int kube_open_user(struct kube *k, const struct kubeconfig_entry *user,
							  const struct kube_flags *flags, struct err *e);

/* Only the exec plugin of the entry, checked. ERR_CONFIG. */
MUST_CHECK int kube_open_exec(struct kube *k, const struct kubeconfig_entry *user, struct err *e);

/* Whether we run in a pod that has a service account's token. */
bool kube_is_in_pod(const struct host *host);
/* Server, CA, token file and namespace as a pod has them, under the flags. ERR_CONFIG. */
MUST_CHECK int kube_open_in_pod(struct kube *k, const struct kube_flags *flags, struct err *e);

/* The certificates in a file become what is trusted. ERR_CONFIG. */
MUST_CHECK int kube_open_ca_file(struct kube *k, const char *path, struct err *e);

/* ERR_CONFIG when pem holds no "-----BEGIN ...WHAT-----" at all. */
MUST_CHECK int kube_check_pem(struct view pem, const char *what, struct err *e);

/* ERR_CONFIG when text cannot stand in a header (control characters). subject: "the token". */
MUST_CHECK int kube_check_header_text(struct view text, const char *subject, struct err *e);

#endif
