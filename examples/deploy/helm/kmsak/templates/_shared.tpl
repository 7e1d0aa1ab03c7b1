{{- define "kmsak.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{- define "kmsak.labels" -}}
app.kubernetes.io/name: kmsak
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{- define "kmsak.serviceAccount" -}}
{{ .Values.serviceAccount.name | default .Release.Name }}
{{- end }}

{{- /* What agent and node have in common after `serve`. */ -}}
{{- define "kmsak.arguments" -}}
- --config=/etc/kmsak/configuration/managed_credentials_providers.properties
{{- range .Values.secrets }}
- --secret={{ . }}
{{- end }}
{{- with int .Values.anySecret }}
- --any-secret={{ . }}
{{- end }}
{{- if .Values.clients }}
- --clients=/etc/kmsak/configuration/clients.toml
{{- end }}
{{- end }}

{{- define "kmsak.mounts" -}}
- {name: configuration, mountPath: /etc/kmsak/configuration, readOnly: true}
{{- if .Values.clientKeySecret }}
- {name: client-key, mountPath: /etc/kmsak/client-key, readOnly: true}
{{- end }}
{{- range .Values.clients }}
{{- if .tokenSecret }}
- {name: {{ printf "token-%s" .name }}, mountPath: {{ printf "/etc/kmsak/client-tokens/%s" .name }}, readOnly: true}
{{- end }}
{{- end }}
{{- end }}

{{- define "kmsak.volumes" -}}
- name: configuration
  configMap: {name: {{ .Release.Name }}}
{{- with .Values.clientKeySecret }}
- name: client-key
  secret: {secretName: {{ . }}, defaultMode: 0440}
{{- end }}
{{- range .Values.clients }}
{{- if .tokenSecret }}
- name: {{ printf "token-%s" .name }}
  secret: {secretName: {{ .tokenSecret }}, defaultMode: 0440}
{{- end }}
{{- end }}
{{- end }}

{{- define "kmsak.confined" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end }}
