{{/*
Before the registry serves, and only within the quiet time that a worker has told this pod of: sound while nobody
pushes. Whatever comes of it, the registry serves; what was begun is finished the next time.
*/}}
{{- define "madang.registry.collect" -}}
left=$(( ${QUIET_UNTIL:-0} - $(date +%s) - 30 ))
[ "$left" -gt 0 ] || exit 0
timeout "$left" registry garbage-collect --delete-untagged /etc/registry/config.yml ||
  echo "garbage collection ended with $?; the registry serves all the same"
{{- end }}

{{/* The distribution registry: every request needs a token that the portal signed for exactly that repository. */}}
{{- define "madang.registry.config" -}}
version: 0.1
log:
  level: info
  accesslog: {disabled: true}
storage:
  filesystem: {rootdirectory: /var/lib/registry}
  delete: {enabled: true}
  maintenance:
    uploadpurging: {enabled: true, age: 24h, interval: 6h, dryrun: false}
http:
  addr: ":5000"
  draintimeout: 20s
auth:
  token:
    realm: {{ include "madang.registry.tokenRealm" . | quote }}
    service: {{ .Values.registry.service | quote }}
    issuer: madang
    jwks: /etc/registry-keys/jwks.json
    signingalgorithms: [ES256]
{{- end }}
