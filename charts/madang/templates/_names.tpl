{{/*
Names. Inside the release's namespace the names are the contract of docs/architecture.md (Services portal, git,
postgres, redis, registry), so they don't carry the release's name; what is cluster-wide does.
*/}}
{{- define "madang.portal.name" -}}portal{{- end }}
{{- define "madang.git.name" -}}git{{- end }}
{{- define "madang.beat.name" -}}beat{{- end }}
{{- define "madang.postgres.name" -}}postgres{{- end }}
{{- define "madang.redis.name" -}}redis{{- end }}
{{- define "madang.registry.name" -}}registry{{- end }}
{{- define "madang.worker.serviceAccount" -}}worker{{- end }}
{{- define "madang.portal.serviceAccount" -}}portal{{- end }}
{{- define "madang.config.name" -}}madang-config{{- end }}
{{- define "madang.connections.name" -}}madang-connections{{- end }}

{{/* A cluster-wide name: dict "root" $ "name" "worker" -> madang-worker */}}
{{- define "madang.clusterWide" -}}
{{- printf "%s-%s" .root.Release.Name .name | trunc 63 | trimSuffix "-" -}}
{{- end }}

{{/* What lets the workers keep Secrets in the namespaces that it is bound in. */}}
{{- define "madang.worker.secretsRole" -}}
{{- include "madang.clusterWide" (dict "root" . "name" "worker-secrets") -}}
{{- end }}

{{/* What every pod of the platform has before a project's. */}}
{{- define "madang.priorityClass" -}}
{{- include "madang.clusterWide" (dict "root" . "name" "platform") -}}
{{- end }}

{{/* A Service's full DNS name: dict "root" $ "name" "git" */}}
{{- define "madang.serviceHost" -}}
{{- printf "%s.%s.svc.%s" .name .root.Release.Namespace .root.Values.clusterDomain -}}
{{- end }}

{{/* Labels that select: dict "root" $ "component" "portal". They never change, or a Deployment could not be upgraded. */}}
{{- define "madang.selector" -}}
app.kubernetes.io/name: madang
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{/* Labels of an object: the selecting ones, and what made it. */}}
{{- define "madang.labels" -}}
{{ include "madang.selector" . }}
app.kubernetes.io/part-of: madang
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- end }}
