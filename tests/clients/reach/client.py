"""A Python client: `client.py KIND URL`, KIND of strict, requests, httpx. Prints the status.

`strict` is the standard library with the flag that Python 3.13 sets by default. The proxy comes from
HTTPS_PROXY, the roots from SSL_CERT_FILE and REQUESTS_CA_BUNDLE, as `waterwall env` sets them.
"""

import os
import ssl
import sys
import urllib.request

kind, url = sys.argv[1:]

if kind == "strict":
    context = ssl.create_default_context(cafile=os.environ["SSL_CERT_FILE"])
    context.verify_flags |= ssl.VERIFY_X509_STRICT | ssl.VERIFY_X509_PARTIAL_CHAIN
    opener = urllib.request.build_opener(urllib.request.HTTPSHandler(context=context), urllib.request.ProxyHandler())
    print(opener.open(url, timeout=120).status)
elif kind == "requests":
    import requests

    print(requests.get(url, timeout=120).status_code)
else:
    import httpx

    print(httpx.get(url, timeout=120).status_code)
