"""Signs requests with the official SDK's signer: the reference for ours.

Reads one request a line from standard input, as JSON:
{"method", "host", "path", "query": [[name, value], ...], "headers": [[name, value], ...], "body": hex, "access_key",
"secret_key", "date"}. Prints the Authorization header of each, one a line.
"""

import json
import sys

from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkcore.sdk_request import SdkRequest
from huaweicloudsdkcore.signer.signer import Signer
from urllib.parse import quote


def authorization(request):
    headers = {name: value for name, value in request["headers"]}
    headers["X-Sdk-Date"] = request["date"]
    sdk_request = SdkRequest(
        method=request["method"],
        schema="https",
        host=request["host"],
        # The SDK takes the path as it goes over the wire, and decodes it before it signs.
        resource_path=quote(request["path"]),
        query_params=[(name, value) for name, value in request["query"]],
        header_params=headers,
        body=bytes.fromhex(request["body"]),
    )
    credentials = BasicCredentials(request["access_key"], request["secret_key"])
    return Signer(credentials).sign(sdk_request).header_params["Authorization"]


for line in sys.stdin:
    print(authorization(json.loads(line)))
