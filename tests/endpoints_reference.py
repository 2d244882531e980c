"""Prints where the official SDK finds each service in each region: one line of JSON for each, [service, region, urls]."""

import json

from huaweicloudsdkcore.auth import endpoint
from huaweicloudsdkdcs.v2.region.dcs_region import DcsRegion
from huaweicloudsdkgaussdb.v3.region.gaussdb_region import GaussDBRegion

for service, regions in (("dcs", DcsRegion), ("taurusdb", GaussDBRegion)):
    for name, region in regions.static_fields.items():
        print(json.dumps([service, name, region.endpoints]))

for service, table in (("iam", "__IAM_ENDPOINT_DICT"), ("sts", "__STS_ENDPOINT_DICT")):
    for name, url in getattr(endpoint, table).items():
        print(json.dumps([service, name, [url]]))
