terraform {
  required_providers {
    hwc = {
      source  = "hwc-ops/hwc"
      version = "~> 0.2"
    }
  }
}
