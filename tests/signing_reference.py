"""Signs requests with the official SDK's signers: the reference for ours.

Reads one request a line from standard input, as JSON:
{"algorithm", "method", "host", "path", "query": [[name, value], ...], "headers": [[name, value], ...], "body": hex,
"access_key", "secret_key", "date", "authorization"}. Prints the Authorization header of each, one a line.

ECDSA signatures have chance in them, so that two of them differ: for ECDSA the header is put together with the
signature of the "authorization" given, or with the word "wrong" when the SDK does not verify that.
"""

import json
import sys

from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkcore.sdk_request import SdkRequest
from huaweicloudsdkcore.signer.signer import P256SHA256Signer, Signer, SM3Signer
from urllib.parse import quote


class Verifier(P256SHA256Signer):
    """Puts a given signature in the place of a new one, after verifying it."""

    given = ""

    def _sign_string_to_sign(self, data, key=None):
        verified = self.get_signing_key().verify(bytes.fromhex(self.given), data.encode())
        return self.given if verified else "wrong"


SIGNERS = {
    "SDK-HMAC-SHA256": Signer,
    "SDK-HMAC-SM3": SM3Signer,
    "SDK-ECDSA-P256-SHA256": Verifier,
}


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
    signer = SIGNERS[request["algorithm"]](credentials)
    signer.given = request["authorization"].rpartition("Signature=")[2]
    return signer.sign(sdk_request).header_params["Authorization"]


for line in sys.stdin:
    print(authorization(json.loads(line)))
