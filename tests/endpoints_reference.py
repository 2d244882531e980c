"""Prints where the official SDK finds each service in each region: one line of JSON for each, [service, region, urls]."""

import json

from huaweicloudsdkcore.auth import endpoint
from huaweicloudsdkcore.auth.internal import IamHelper, StsHelper
from huaweicloudsdkdas.v3.region.das_region import DasRegion
from huaweicloudsdkdcs.v2.region.dcs_region import DcsRegion
from huaweicloudsdkddm.v1.region.ddm_region import DdmRegion
from huaweicloudsdkdds.v3.region.dds_region import DdsRegion
from huaweicloudsdkgaussdb.v3.region.gaussdb_region import GaussDBRegion
from huaweicloudsdkgaussdbfornosql.v3.region.gaussdbfornosql_region import GaussDBforNoSQLRegion
from huaweicloudsdkgaussdbforopengauss.v3.region.gaussdbforopengauss_region import GaussDBforopenGaussRegion
from huaweicloudsdkrds.v3.region.rds_region import RdsRegion

names = set()
for service, regions in (
    ("dcs", DcsRegion),
    ("taurusdb", GaussDBRegion),
    ("das", DasRegion),
    ("opengauss", GaussDBforopenGaussRegion),
    ("geminidb", GaussDBforNoSQLRegion),
    ("ddm", DdmRegion),
    ("dds", DdsRegion),
):
    for name, region in regions.static_fields.items():
        names.add(name)
        print(json.dumps([service, name, region.endpoints]))

# IAM and STS are not in every region: the SDK has a table of those where they are, and one endpoint for all others.
names.update(getattr(endpoint, "__IAM_ENDPOINT_DICT"), getattr(endpoint, "__STS_ENDPOINT_DICT"))
for name in sorted(names):
    print(json.dumps(["iam", name, [endpoint.get_iam_endpoint_by_id(name, IamHelper.DEFAULT_ENDPOINT)]]))
    print(json.dumps(["sts", name, [endpoint.get_sts_endpoint_by_id(name, StsHelper.DEFAULT_STS_ENDPOINT)]]))

# The sessions of RDS are those of DAS, which is not everywhere where RDS is.
for name in sorted(RdsRegion.static_fields.keys() - DasRegion.static_fields.keys()):
    print(json.dumps(["das", name, []]))
