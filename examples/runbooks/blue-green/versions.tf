terraform {
  required_version = ">= 1.6"

  required_providers {
    hwc = {
      source  = "hwc-ops/hwc"
      version = "~> 0.2"
    }
  }
}
