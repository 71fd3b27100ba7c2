{{/* Peers and ports of the network policies: dict "root" $ … */}}

{{/* Pods of the platform by component: dict "root" $ "component" "git" */}}
{{- define "madang.peer" -}}
podSelector:
  matchLabels: {{- include "madang.selector" . | nindent 4 }}
{{- end }}

{{/* The same from another namespace. */}}
{{- define "madang.peer.platform" -}}
namespaceSelector:
  matchLabels: {kubernetes.io/metadata.name: {{ .root.Release.Namespace }}}
{{ include "madang.peer" . }}
{{- end }}

{{- define "madang.peer.ingress" -}}
namespaceSelector:
  matchLabels: {kubernetes.io/metadata.name: {{ .Values.ingress.namespace }}}
{{- end }}

{{- define "madang.peer.builds" -}}
namespaceSelector:
  matchLabels: {kubernetes.io/metadata.name: {{ .Values.builds.namespace }}}
{{- end }}

{{/* An egress rule to names. A Service is translated before the policy sees the packet, so servers outside pods are addresses. */}}
{{- define "madang.egress.dns" -}}
- to:
    - namespaceSelector:
        matchLabels: {kubernetes.io/metadata.name: kube-system}
      podSelector:
        matchLabels: {k8s-app: kube-dns}
    {{- range .Values.network.dns }}
    - ipBlock: {cidr: {{ . }}}
    {{- end }}
  ports: [{protocol: UDP, port: 53}, {protocol: TCP, port: 53}]
{{- end }}

{{- define "madang.egress.data" -}}
- to:
    {{- if .Values.postgresql.url }}
    - ipBlock: {cidr: {{ .Values.postgresql.network.cidr }}}
  ports: [{port: {{ .Values.postgresql.network.port }}}]
    {{- else }}
    - {{ include "madang.peer" (dict "root" . "component" "postgres") | indent 6 | trim }}
  ports: [{port: 5432}]
    {{- end }}
- to:
    {{- if .Values.redis.url }}
    - ipBlock: {cidr: {{ .Values.redis.network.cidr }}}
  ports: [{port: {{ .Values.redis.network.port }}}]
    {{- else }}
    - {{ include "madang.peer" (dict "root" . "component" "redis") | indent 6 | trim }}
  ports: [{port: 6379}]
    {{- end }}
{{- end }}

{{- define "madang.egress.api" -}}
{{- range .Values.network.apiServer }}
- to: [{ipBlock: {cidr: {{ .cidr }}}}]
  ports: [{port: {{ .port }}}]
{{- end }}
{{- end }}

{{/* Nodes themselves: containerd pulls from the registry with tokens of the portal. dict "root" $ "port" 5000 */}}
{{- define "madang.ingress.fromNodes" -}}
- from:
    {{- range .root.Values.network.nodes }}
    - ipBlock: {cidr: {{ . }}}
    {{- end }}
  ports: [{port: {{ .port }}}]
{{- end }}
