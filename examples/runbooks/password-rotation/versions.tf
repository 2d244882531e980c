terraform {
  required_version = ">= 1.14"

  required_providers {
    huaweicloud = {
      source  = "huaweicloud/huaweicloud"
      version = "~> 1.93"
    }
    hwc = {
      source  = "hwc-ops/hwc"
      version = "~> 0.2"
    }
  }
}
