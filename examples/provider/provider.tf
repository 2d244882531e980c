terraform {
  required_providers {
    hwc = {
      source  = "hwc-ops/hwc"
      version = "~> 0.2"
    }
  }
}

# Credentials come from HW_ACCESS_KEY and HW_SECRET_KEY. The provider looks up the project by the name of the region.
provider "hwc" {
  region = "cn-north-4"
}
