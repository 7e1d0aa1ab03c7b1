variable "region" {
  type        = string
  description = "The region of the KMS instance."
}

variable "kms_instance_id" {
  type        = string
  description = "The KMS instance, kst-..."
}

variable "app" {
  type        = string
  description = "The application's name, which its access point and all that belongs to it gets."
}

variable "ram_user" {
  type        = string
  description = "The RAM user whose AccessKeys are hosted."
}

variable "access_keys" {
  type        = list(object({ AccessKeyId = string, AccessKeySecret = string }))
  description = "All AccessKeys of the user. They end up in the state."
  sensitive   = true
}

variable "rotation_days" {
  type        = number
  description = "How often KMS rotates the AccessKey."
  default     = 30
}

variable "allow" {
  type        = list(string)
  description = "Networks in the VPC from which the application asks the KMS instance."
}

variable "allow_public" {
  type        = list(string)
  description = "Networks on the Internet from which it asks the shared gateway; none: it may not."
  default     = []
}

variable "client_key_in_state" {
  type        = bool
  description = "Whether Terraform makes the ClientKey, whose password is in the state then."
  default     = false
}

variable "client_key_password" {
  type        = string
  description = "8 to 64 digits, letters and marks, of two kinds at least."
  default     = null
  sensitive   = true
}

variable "client_key_validity" {
  type        = object({ not_before = string, not_after = string })
  description = "Such as 2026-01-01T00:00:00Z."
  default     = { not_before = null, not_after = null }
}
