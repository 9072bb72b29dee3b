{{/* Names, labels and choices that the templates share. Names and labels are those of hashicorp/vault. */}}

{{- define "vault.name" -}}
{{- .Values.nameOverride | default .Chart.Name | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{/* The release's name where it holds the chart's name already, else both. */}}
{{- define "vault.fullname" -}}
{{- $name := .Values.nameOverride | default .Chart.Name -}}
{{- $both := contains $name .Release.Name | ternary .Release.Name (printf "%s-%s" .Release.Name $name) -}}
{{- .Values.fullnameOverride | default $both | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "vault.namespace" -}}
{{- .Values.global.namespace | default .Release.Namespace -}}
{{- end -}}

{{- define "vault.scheme" -}}
{{- .Values.global.tlsDisable | ternary "http" "https" -}}
{{- end -}}

{{- define "vault.serviceAccount" -}}
{{- $made := .Values.server.serviceAccount.create | ternary (include "vault.fullname" .) "default" -}}
{{- .Values.server.serviceAccount.name | default $made -}}
{{- end -}}

{{- define "vault.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
app.kubernetes.io/name: {{ include "vault.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end -}}

{{- define "vault.selector" -}}
app.kubernetes.io/name: {{ include "vault.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
component: server
{{- end -}}

{{/* "true" where the server is to be made. A mode that this chart has not got is refused instead of half made. */}}
{{- define "vault.enabled" -}}
{{- $wanted := eq (toString .Values.server.enabled) "-" | ternary .Values.global.enabled .Values.server.enabled -}}
{{- if $wanted -}}
{{- if not .Values.server.ha.enabled -}}
{{- fail "the sandbox's chart has HA mode only: set server.ha.enabled=true" -}}
{{- end -}}
true
{{- end -}}
{{- end -}}

{{/* An object as YAML; a text, which may hold templates, through tpl. Give a list: the value, the root. */}}
{{- define "vault.rendered" -}}
{{- $value := index . 0 -}}
{{- if kindIs "string" $value }}{{ tpl $value (index . 1) }}{{ else }}{{ toYaml $value }}{{ end -}}
{{- end -}}

{{/* Vault's configuration, HCL or JSON, with memory locking off unless it speaks of that itself. */}}
{{- define "vault.config" -}}
{{- if not (kindIs "string" .Values.server.ha.config) -}}
{{- fail "structured server config is not supported, value must be a string" -}}
{{- end -}}
{{- $config := tpl .Values.server.ha.config . | trim -}}
{{- if hasPrefix "{" $config -}}
{{- $json := fromJson $config -}}
{{- if not (hasKey $json "disable_mlock") }}{{ $_ := set $json "disable_mlock" true }}{{ end -}}
{{- toJson $json -}}
{{- else -}}
{{- $config -}}
{{- if not (regexMatch "(?m)^\\s*disable_mlock\\s*=" $config) }}{{ print "\ndisable_mlock = true" }}{{ end -}}
{{- end -}}
{{- end -}}

{{/*
How the container starts: a copy of the configuration in which six words, wherever they stand, give way to what the pod's
environment says, and then the server. A word whose variable is empty stays.
*/}}
{{- define "vault.start" -}}
configuration=/tmp/storageconfig.hcl
cp /vault/config/extraconfig-from-values.hcl "$configuration"
{{- range list "HOST_IP" "POD_IP" "HOSTNAME" "API_ADDR" "TRANSIT_ADDR" "RAFT_ADDR" }}
if [ -n "${ {{- . -}} }" ]; then sed -Ei "s|{{ . }}|${ {{- . -}} }|g" "$configuration"; fi
{{- end }}
/usr/local/bin/docker-entrypoint.sh vault server -config="$configuration" {{ .Values.server.extraArgs }}
{{- end -}}
