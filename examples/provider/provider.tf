terraform {
  required_providers {
    hwc = {
      source  = "hwc-ops/hwc"
      version = "~> 0.2"
    }
  }
}

# Credentials come from HW_ACCESS_KEY and HW_SECRET_KEY, the project is found by the region's name.
provider "hwc" {
  region = "eu-west-101"
}
