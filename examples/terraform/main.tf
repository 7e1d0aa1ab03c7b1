# One application's part of the solution: a RAM user's AccessKey hosted in KMS, and access to it from the application's
# networks. The names are those that `kmsak admin app create` uses, so that it finds all of this and adds the ClientKey.

terraform {
  required_version = ">= 1.3"
  required_providers {
    alicloud = {
      source  = "aliyun/alicloud"
      version = ">= 1.224.0"
    }
  }
}

provider "alicloud" {
  region = var.region
}

locals {
  secret_name = "acs/ram/user/${var.ram_user}"
}

resource "alicloud_kms_key" "secrets" {
  description            = "kmsak: for ${local.secret_name}"
  dkms_instance_id       = var.kms_instance_id
  key_usage              = "ENCRYPT/DECRYPT"
  pending_window_in_days = 7
}

# KMS makes the name of the user's, and wants all AccessKeys that the user has. What stands in the state is worth nothing any
# more after the first rotation: `kmsak admin secret rotate acs/ram/user/... --wait` right after this was applied.
resource "alicloud_kms_secret" "access_key" {
  secret_name               = "$Auto"
  secret_type               = "RAMCredentials"
  secret_data               = jsonencode({ AccessKeys = var.access_keys })
  version_id                = "v1"
  extended_config           = jsonencode({ SecretSubType = "RamUserAccessKey", UserName = var.ram_user })
  encryption_key_id         = alicloud_kms_key.secrets.id
  dkms_instance_id          = var.kms_instance_id
  enable_automatic_rotation = true
  rotation_interval         = "${var.rotation_days}d"
  description               = "hosted by Terraform"
}

resource "alicloud_kms_network_rule" "private" {
  network_rule_name = "${var.app}-private"
  source_private_ip = var.allow
  description       = "from where ${var.app} asks the KMS instance"
}

resource "alicloud_kms_policy" "instance" {
  policy_name     = "${var.app}-instance"
  kms_instance_id = var.kms_instance_id
  permissions = [
    "RbacPermission/Template/CryptoServiceKeyUser",
    "RbacPermission/Template/CryptoServiceSecretUser",
  ]
  resources            = ["secret/${local.secret_name}", "key/${alicloud_kms_key.secrets.id}"]
  access_control_rules = jsonencode({ NetworkRules = [alicloud_kms_network_rule.private.network_rule_name] })
  description          = "${var.app} through the KMS instance"
}

resource "alicloud_kms_network_rule" "public" {
  count             = length(var.allow_public) > 0 ? 1 : 0
  network_rule_name = "${var.app}-public"
  source_private_ip = var.allow_public
  description       = "from where ${var.app} asks the shared gateway"
}

resource "alicloud_kms_policy" "shared" {
  count                = length(var.allow_public) > 0 ? 1 : 0
  policy_name          = "${var.app}-shared"
  kms_instance_id      = "shared"
  permissions          = ["RbacPermission/Template/SecretUser"]
  resources            = ["secret/${local.secret_name}"]
  access_control_rules = jsonencode({ NetworkRules = [alicloud_kms_network_rule.public[0].network_rule_name] })
  description          = "${var.app} through the shared gateway"
}

resource "alicloud_kms_application_access_point" "app" {
  application_access_point_name = var.app
  policies                      = concat([alicloud_kms_policy.instance.policy_name], alicloud_kms_policy.shared[*].policy_name)
  description                   = "made by Terraform"
}

# Off unless asked for: Terraform keeps the password, and with it the ClientKey is as safe as the state. `kmsak admin app create`
# makes one that only the application's folder holds.
resource "alicloud_kms_client_key" "app" {
  count                 = var.client_key_in_state ? 1 : 0
  aap_name              = alicloud_kms_application_access_point.app.application_access_point_name
  password              = var.client_key_password
  not_before            = var.client_key_validity.not_before
  not_after             = var.client_key_validity.not_after
  private_key_data_file = "${path.module}/clientKey.json"
}
