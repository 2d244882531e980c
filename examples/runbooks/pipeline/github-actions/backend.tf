# Beside main.tf. The state is in a bucket of OBS, which answers as S3 does. The settings are those of the official
# provider's guide "Configure Remote State Backend for HuaweiCloud"; they need Terraform 1.6.3 or later.
terraform {
  backend "s3" {
    bucket = "terraform-state"
    key    = "kill-sessions/terraform.tfstate"
    region = "cn-north-4"

    endpoints = {
      s3 = "https://obs.cn-north-4.myhuaweicloud.com"
    }

    skip_region_validation      = true
    skip_credentials_validation = true
    skip_metadata_api_check     = true
    skip_requesting_account_id  = true
    skip_s3_checksum            = true
  }
}
