{{- define "madang.spot.agent" -}}spot-agent{{- end }}
{{- define "madang.spot.controller" -}}spot-controller{{- end }}
{{- define "madang.spot.headroom" -}}spot-headroom{{- end }}

{{/* The label of a pod that does nothing but pull images ahead. */}}
{{- define "madang.spot.imageAhead" -}}madang.dev/image-ahead{{- end }}

{{- define "madang.spot.agent.user" -}}
system:serviceaccount:{{ .Values.spot.agent.namespace }}:{{ include "madang.spot.agent" . }}
{{- end }}

{{- define "madang.spot.controller.user" -}}
system:serviceaccount:{{ .Release.Namespace }}:{{ include "madang.spot.controller" . }}
{{- end }}

{{/* An admission policy's binding: dict "root" $ "name" … "component" … */}}
{{- define "madang.spot.binding" -}}
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata:
  name: {{ .name }}
  labels: {{- include "madang.labels" (dict "root" .root "component" .component) | nindent 4 }}
spec:
  policyName: {{ .name }}
  validationActions: [Deny]
{{- end }}
