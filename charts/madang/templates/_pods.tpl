{{/* What every pod of the platform has: Pod Security "restricted", the nodes that stay, no Service variables. */}}
{{- define "madang.pod.placement" -}}
enableServiceLinks: false
{{- with .Values.placement.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.placement.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.images.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- end }}

{{- define "madang.container.security" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end }}

{{/* The platform image's user is 10001. fsGroup lets it write to a volume that a cloud made for root. */}}
{{- define "madang.platform.podSecurity" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
fsGroupChangePolicy: OnRootMismatch
seccompProfile: {type: RuntimeDefault}
{{- end }}

{{/* Arguments: the port on which X-Forwarded-For is believed, as only the ingress controller reaches it. dict "root" $ "port" 8001 */}}
{{- define "madang.ingressPort" -}}
- --ingress-port={{ .port }}
{{- range .root.Values.ingress.trustedProxies }}
- --trusted-proxy={{ . }}
{{- end }}
{{- end }}

{{/* A changed setting is a new pod. */}}
{{- define "madang.platform.annotations" -}}
checksum/config: {{ printf "%s%s" (include "madang.config.data" .) (include "madang.connections.data" .) | sha256sum }}
{{- end }}

{{- define "madang.platform.env" -}}
{{- $secret := .Values.secrets.existingSecret -}}
{{- range $key := list "MADANG_SECRET_KEY" "MADANG_KEY_PEPPER" "MADANG_ENCRYPTION_KEYS" "MADANG_REGISTRY_SIGNING_KEY" }}
- name: {{ $key }}
  valueFrom: {secretKeyRef: {name: {{ $secret }}, key: {{ $key }}}}
{{- end }}
{{- /* Optional: a Secret made before there were reports lacks it, and the portal then says so to who reports. */}}
- name: MADANG_SPOT_REPORT_KEY
  valueFrom: {secretKeyRef: {name: {{ $secret }}, key: MADANG_SPOT_REPORT_KEY, optional: true}}
- name: MADANG_OIDC_CLIENT_SECRET
  valueFrom: {secretKeyRef: {name: {{ $secret }}, key: MADANG_OIDC_CLIENT_SECRET, optional: true}}
- name: MADANG_EMAIL_URL
  valueFrom: {secretKeyRef: {name: {{ $secret }}, key: MADANG_EMAIL_URL, optional: true}}
- name: MADANG_DRILL_TOKEN
  valueFrom: {secretKeyRef: {name: {{ $secret }}, key: MADANG_DRILL_TOKEN, optional: true}}
{{- if .Values.postgresql.url }}
- name: DATABASE_URL
  valueFrom: {secretKeyRef: {name: {{ include "madang.connections.name" . }}, key: DATABASE_URL}}
{{- else }}
- name: POSTGRES_PASSWORD
  valueFrom: {secretKeyRef: {name: {{ $secret }}, key: POSTGRES_PASSWORD}}
- name: DATABASE_URL
  value: postgresql://madang:$(POSTGRES_PASSWORD)@{{ include "madang.postgres.name" . }}:5432/madang
{{- end }}
{{- if .Values.redis.url }}
- name: REDIS_URL
  valueFrom: {secretKeyRef: {name: {{ include "madang.connections.name" . }}, key: REDIS_URL}}
{{- else }}
- name: REDIS_PASSWORD
  valueFrom: {secretKeyRef: {name: {{ $secret }}, key: REDIS_PASSWORD}}
- name: REDIS_URL
  value: redis://:$(REDIS_PASSWORD)@{{ include "madang.redis.name" . }}:6379/0
{{- end }}
{{- end }}

{{/* The container that each platform pod starts with: its database answers and has this image's tables. */}}
{{- define "madang.platform.schema" -}}
- name: schema
  image: {{ .Values.images.platform }}
  imagePullPolicy: {{ .Values.images.pullPolicy }}
  args: [python, -m, portal.schema]
  {{- include "madang.platform.container" . | nindent 2 }}
  resources:
    requests: {cpu: 10m, memory: 96Mi}
    limits: {memory: 512Mi}
{{- end }}

{{/* What a platform container has, whichever of its programs it runs. */}}
{{- define "madang.platform.container" -}}
envFrom: [{configMapRef: {name: {{ include "madang.config.name" . }}}}]
env: {{- include "madang.platform.env" . | trim | nindent 2 }}
securityContext: {{- include "madang.container.security" . | nindent 2 }}
volumeMounts:
  - {name: tmp, mountPath: /tmp}
{{- end }}
