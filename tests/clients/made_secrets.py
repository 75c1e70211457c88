"""Made-up secrets, and the search for them in what the provider received."""

import base64
import random
import re
import string

UPPER = string.ascii_uppercase + "234567"
WORD = string.ascii_letters + string.digits


def make(key_bytes=1190):
    """Fresh secrets by name. They are put together here, at run time, and open no door anywhere.

    The PEM key has `key_bytes` random bytes for a body: an RSA key of 2,048 bits has about 1,190, an EC
    key 121.
    """
    dice = random.SystemRandom()

    def pick(letters, count):
        return "".join(dice.choices(letters, k=count))

    body = base64.b64encode(dice.randbytes(key_bytes)).decode()
    lines = [body[at : at + 64] for at in range(0, len(body), 64)]
    kind = "RSA PRIVATE KEY" if key_bytes > 500 else "EC PRIVATE KEY"
    return {
        "aws": "AKIA" + pick(UPPER, 16),
        "anthropic": "sk-ant-" + "api03-" + pick(WORD, 93) + "AA",
        "pem": "\n".join([f"-----BEGIN {kind}-----", *lines, f"-----END {kind}-----"]),
    }


def leaks(requests, secrets):
    """What of `secrets` stands in recorded requests, as a list of sentences without the secret itself.

    Searched are path, headers and body, as they are, without content coding, and with JSON escapes
    taken away up to four times over. Of a PEM key each line counts.
    """
    found = []
    for number, request in enumerate(requests):
        heads = request["path"] + "\n" + "\n".join(f"{name}: {value}" for name, value in request["headers"])
        texts = [heads.encode()]
        texts += [base64.b64decode(request[key] or "") for key in ("body", "decoded")]
        for text in {layer for text in texts for layer in layers(text)}:
            for name, secret in secrets.items():
                for line in secret.split("\n"):
                    if not line.startswith("-----") and line in text:
                        found.append(f"request {number} ({request['method']} {request['path']}) holds {name}")
    return sorted(set(found))


def plain(request):
    """A recorded request's body without content coding, as text."""
    return base64.b64decode(request["decoded"] or "").decode("utf-8", "replace")


def layers(raw):
    """`raw` as text, and that text with one, two, three and four levels of JSON escapes undone."""
    text = raw.decode("utf-8", "replace")
    yield text
    for _ in range(4):
        text = re.sub(r'\\(u[0-9a-fA-F]{4}|["\\/nrtbf])', unescaped, text)
        yield text


def unescaped(match):
    escape = match[1]
    if escape[0] == "u":
        return chr(int(escape[1:], 16))
    return {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}.get(escape, escape)
