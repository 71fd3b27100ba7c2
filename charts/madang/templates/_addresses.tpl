{{/* Addresses as people and programs outside see them. */}}
{{- define "madang.port" -}}
{{- with .Values.public.port }}:{{ int . }}{{ end -}}
{{- end }}

{{- define "madang.url.portal" -}}
{{ .Values.public.scheme }}://{{ .Values.domain }}{{ include "madang.port" . }}
{{- end }}

{{- define "madang.url.git" -}}
{{ .Values.public.scheme }}://git.{{ .Values.domain }}{{ include "madang.port" . }}
{{- end }}

{{- define "madang.url.app" -}}
{{ .Values.public.scheme }}://{subdomain}.{{ .Values.domain }}{{ include "madang.port" . }}
{{- end }}

{{- define "madang.registry.pushHost" -}}
{{- if .Values.registry.pushHost -}}
{{ .Values.registry.pushHost }}
{{- else if .Values.registry.enabled -}}
{{ include "madang.serviceHost" (dict "root" . "name" (include "madang.registry.name" .)) }}:5000
{{- else -}}
{{ fail "registry.enabled is false: set registry.pushHost and registry.pullHost to the registry that builds push to and nodes pull from" }}
{{- end -}}
{{- end }}

{{- define "madang.registry.tokenRealm" -}}
{{- .Values.registry.tokenRealm | default (printf "%s/registry/token" (include "madang.url.portal" .)) -}}
{{- end }}
