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
