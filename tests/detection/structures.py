"""Secrets that their structure gives away, and secrets in another coding: whole files, made up by a seeded generator.

Each function returns a file's text with every secret between OPEN and CLOSE.
"""

import base64
import json
import random
import string
import urllib.parse

import draw

OPEN, CLOSE = "\x01", "\x02"


def mark(text: str) -> str:
    return f"{OPEN}{text}{CLOSE}"


def b64(data: bytes | str) -> str:
    return base64.b64encode(data.encode() if isinstance(data, str) else data).decode()


def b64url(data: bytes | str) -> str:
    return base64.urlsafe_b64encode(data.encode() if isinstance(data, str) else data).decode().rstrip("=")


def hexes(rng: random.Random, length: int) -> str:
    return "".join(rng.choices("0123456789abcdef", k=length))


# What a key's DER begins with, by label.
HEADS = {
    "RSA PRIVATE KEY": (bytes.fromhex("308204a30201000282010100"), 1190),
    "PRIVATE KEY": (bytes.fromhex("308204bd020100300d06092a864886f70d0101010500048204a7"), 1215),
    "EC PRIVATE KEY": (bytes.fromhex("30770201010420"), 121),
    "ENCRYPTED PRIVATE KEY": (bytes.fromhex("308204e2301c060a2a864886f70d010c0103300e0408"), 1250),
    "OPENSSH PRIVATE KEY": (b"openssh-key-v1\0\0\0\0\x04none\0\0\0\x04none\0\0\0\0\0\0\0\x01\0\0\x003\0\0\0\x0bssh-ed25519\0\0\0 ", 260),
    "DSA PRIVATE KEY": (bytes.fromhex("308201bb02010002818100"), 447),
}


def armoured(rng: random.Random, newline: str = "\n") -> str:
    label = rng.choice(list(HEADS))
    head, length = HEADS[label]
    text = b64(head + rng.randbytes(length - len(head)))
    lines = [text[at:at + 64] for at in range(0, len(text), 64)]
    return newline.join([f"-----BEGIN {label}-----", *lines, f"-----END {label}-----"])


def pem(rng):
    return f"# key\n{mark(armoured(rng))}\n"


def pem_indented(rng):
    return f"tls:\n  key: |\n    {mark(armoured(rng, newline=chr(10) + '    '))}\n"


def pem_escaped(rng):
    return f'{{"name": "web", "key": "{mark(armoured(rng, newline=chr(92) + "n"))}\\n", "port": 1}}\n'


def pem_env(rng):
    return f'PORT=1\nSERVER_KEY="{mark(armoured(rng, newline=chr(92) + "n"))}"\n'


def pgp(rng):
    body = b64(rng.randbytes(900))
    lines = "\n".join(body[at:at + 64] for at in range(0, len(body), 64))
    block = "PGP PRIVATE KEY BLOCK-----"
    return mark(f"-----BEGIN {block}\n\n{lines}\n=Ab3d\n-----END {block}") + "\n"


def putty(rng):
    lines = "\n".join(b64(rng.randbytes(48)) for _ in range(8))
    return ("PuTTY-User-Key-File-3: ssh-rsa\nEncryption: none\nComment: a\nPublic-Lines: 1\n"
            f"AAAAB3NzaC1yc2E=\nPrivate-Lines: 8\n{mark(lines)}\nPrivate-MAC: {hexes(rng, 64)}\n")


def service_account(rng):
    project = "steady-" + hexes(rng, 6)
    return (f'{{\n  "type": "service_account",\n  "project_id": "{project}",\n  "private_key_id": "{hexes(rng, 40)}",\n'
            f'  "private_key": "{mark(armoured(rng, newline=chr(92) + "n"))}\\n",\n'
            f'  "client_email": "bot@{project}.iam.gserviceaccount.com"\n}}\n')


def jwt_of(rng):
    header = b64url(json.dumps({"alg": rng.choice(["HS256", "RS256", "ES256"]), "typ": "JWT"}))
    payload = b64url(json.dumps({"sub": str(rng.randint(10**6, 10**9)), "iat": rng.randint(16 * 10**8, 17 * 10**8)}))
    return f"{header}.{payload}.{b64url(rng.randbytes(32))}"


def jwt_header(rng):
    return f"GET /me HTTP/1.1\nAuthorization: Bearer {mark(jwt_of(rng))}\n\n"


def jwt_json(rng):
    return f'{{"id": 5, "session": "{mark(jwt_of(rng))}", "ttl": 60}}\n'


def bearer(rng):
    return f'curl -H "Authorization: Bearer {mark(draw.plain(rng, rng.randint(24, 60)))}" https://api.example.com\n'


def basic_header(rng):
    return f"POST /x HTTP/1.1\nHost: example.com\nAuthorization: Basic {mark(b64('deploy:' + draw.plain(rng)))}\n\n"


def header_json(rng):
    return f'{{"headers": {{"X-Api-Key": "{mark(draw.plain(rng, 36))}", "Accept": "*/*"}}}}\n'


SCHEMES = "postgres postgresql mysql mongodb mongodb+srv redis amqp mssql clickhouse mariadb ftp sftp ldap nats".split()


def database_url(rng):
    return f"DATABASE_URL={rng.choice(SCHEMES)}://app:{mark(draw.plain(rng, rng.randint(8, 20)))}@db.internal:5432/app\n"


def database_url_code(rng):
    return f'engine = create_engine("{rng.choice(SCHEMES)}://app:{mark(draw.phrase(rng).rstrip("#!"))}@10.0.0.5/app?ssl=true")\n'


def redis_url(rng):
    return f"cache: rediss://:{mark(draw.plain(rng, 24))}@cache.internal:6380/0\n"


def basic_url(rng):
    return f"git clone https://deploy:{mark(draw.plain(rng, 20))}@git.example.com/team/app.git\n"


def token_url(rng):
    return f'[remote "origin"]\n\turl = https://oauth2:{mark(draw.plain(rng, 26))}@git.example.com/team/app.git\n'


def jdbc(rng):
    return f"spring.datasource.url=jdbc:postgresql://db:5432/app?user=app&password={mark(draw.plain(rng, 14))}&ssl=true\n"


def oracle(rng):
    return f"url=jdbc:oracle:thin:app/{mark(draw.plain(rng, 12))}@//db.internal:1521/APP\n"


def ado(rng):
    name = rng.choice(["Password", "Pwd", "PWD", "password"])
    return f'"Db": "Server=db.internal;Database=app;User Id=app;{name}={mark(draw.plain(rng, 14))};Encrypt=true"\n'


def odbc(rng):
    return f"Driver={{ODBC Driver 18}};Server=tcp:db.internal,1433;Uid=app;Pwd={mark(draw.password(rng, 10, 16).replace('=', 'a'))};\n"


def azure_storage(rng):
    return (f"AZURE=DefaultEndpointsProtocol=https;AccountName=steady{hexes(rng, 4)};"
            f"AccountKey={mark(b64(rng.randbytes(64)))};EndpointSuffix=core.windows.net\n")


def azure_bus(rng):
    return (f"bus: Endpoint=sb://steady.servicebus.windows.net/;SharedAccessKeyName=Root;"
            f"SharedAccessKey={mark(b64(rng.randbytes(32)))}\n")


def azure_sas(rng):
    signature = urllib.parse.quote(b64(rng.randbytes(32)), safe="")
    return (f"https://steady.blob.core.windows.net/c/f.txt?sv=2023-11-03&st=2024-01-01T00%3A00%3A00Z"
            f"&se=2025-01-01T00%3A00%3A00Z&sr=b&sp=r&sig={mark(signature)}\n")


def presigned(rng):
    return ("https://b.s3.amazonaws.com/f?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Date=20240101T000000Z"
            f"&X-Amz-Expires=300&X-Amz-Signature={mark(hexes(rng, 64))}\n")


def query(rng):
    name = rng.choice(["access_token", "api_key", "token", "apikey", "client_secret"])
    return f"GET https://api.example.com/v1/me?lang=en&{name}={mark(draw.plain(rng, 32))}&page=1\n"


def netrc(rng):
    return f"machine api.example.com\n  login deploy\n  password {mark(draw.plain(rng, rng.randint(10, 30)))}\n"


def netrc_line(rng):
    return f"machine git.example.com login deploy password {mark(draw.password(rng, 12, 20))}\n"


def npmrc(rng):
    return f"registry=https://npm.example.com/\n//npm.example.com/:_authToken={mark(draw.plain(rng, 36))}\n"


def npmrc_basic(rng):
    return f"//npm.example.com/:_password={mark(b64(draw.plain(rng, 18)))}\n//npm.example.com/:username=bot\n"


def npmrc_auth(rng):
    return f"_auth={mark(b64('bot:' + draw.plain(rng, 18)))}\nalways-auth=true\n"


def pypirc(rng):
    return f"[pypi]\nusername = bot\npassword = {mark(draw.plain(rng, 18))}\n"


def docker_config(rng):
    return f'{{\n  "auths": {{\n    "registry.example.com": {{\n      "auth": "{mark(b64("bot:" + draw.plain(rng, 20)))}"\n    }}\n  }}\n}}\n'


def kubeconfig_key(rng):
    return f"users:\n- name: admin\n  user:\n    client-key-data: {mark(b64(armoured(rng)))}\n"


def kubeconfig_token(rng):
    return f"users:\n- name: admin\n  user:\n    token: {mark(draw.plain(rng, 40))}\n"


def terraform_state(rng):
    return ('{\n  "version": 4,\n  "resources": [{"type": "aws_db_instance", "instances": [{"attributes": {\n'
            f'    "username": "app",\n    "password": "{mark(draw.plain(rng, 18))}"\n  }}}}]}}]\n}}\n')


def maven(rng):
    return f"<server>\n  <id>central</id>\n  <username>bot</username>\n  <password>{mark(draw.plain(rng, 16))}</password>\n</server>\n"


def jwk(rng):
    return (f'{{"kty": "EC", "crv": "P-256", "x": "{b64url(rng.randbytes(32))}", "y": "{b64url(rng.randbytes(32))}",\n'
            f' "d": "{mark(b64url(rng.randbytes(32)))}"}}\n')


def wireguard(rng):
    return f"[Interface]\nAddress = 10.0.0.2/32\nPrivateKey = {mark(b64(rng.randbytes(32)))}\n"


def slack_webhook(rng):
    path = f"T{draw.plain(rng, 8).upper()}/B{draw.plain(rng, 10).upper()}/{draw.plain(rng, 24)}"
    return f"notify: {mark('https://hooks.slack.com/services/' + path)}\n"


def discord_webhook(rng):
    path = f"{rng.randint(10**17, 10**18)}/{draw.plain(rng, 68)}"
    return f'hook = "{mark("https://discord.com/api/webhooks/" + path)}"\n'


def discord_bot(rng):
    number = b64url(str(rng.randint(10**17, 10**18)))
    return f"client.login('{mark(number + '.' + 'G' + draw.plain(rng, 5) + '.' + draw.plain(rng, 38))}');\n"


def otpauth(rng):
    return f"otpauth://totp/App:me@example.com?secret={mark(''.join(rng.choices('ABCDEFGHIJKLMNOPQRSTUVWXYZ234567', k=32)))}&issuer=App\n"


def curl_user(rng):
    return f"curl -u admin:{mark(draw.plain(rng, rng.randint(9, 20)))} https://es.example.com/_cat/indices\n"


def password_option(rng):
    tool = rng.choice(["backup --user admin --password", "docker login -u bot --password", "helm upload --token", "sshpass -p"])
    return f"$ {tool} {mark(draw.plain(rng, rng.randint(9, 24)))} reg.example.com\n"


def password_variable(rng):
    return f"PGPASSWORD={mark(draw.plain(rng, 12))} psql -h db -U app -c 'select 1'\n"


def mysql_option(rng):
    return f"mysqldump -u root -p{mark(draw.plain(rng, 12))} app > app.sql\n"


def cookie(rng):
    return f"GET / HTTP/1.1\nCookie: lang=en; sessionid={mark(draw.plain(rng, 32).lower())}; theme=dark\n\n"


def password_hash(rng):
    alphabet = string.ascii_letters + string.digits + "./"
    return f"root:{mark('$6$' + draw.plain(rng, 16) + '$' + ''.join(rng.choices(alphabet, k=86)))}:19000:0:99999:7:::\n"


def ansible(rng):
    lines = "\n".join(hexes(rng, 80) for _ in range(6))
    return mark(f"$ANSIBLE_VAULT;1.1;AES256\n{lines}") + "\n"


STRUCTURES = [pem, pem_indented, pem_escaped, pem_env, pgp, putty, service_account, jwt_header, jwt_json, bearer,
              basic_header, header_json, database_url, database_url_code, redis_url, basic_url, token_url, jdbc, oracle,
              ado, odbc, azure_storage, azure_bus, azure_sas, presigned, query, netrc, netrc_line, npmrc, npmrc_basic,
              npmrc_auth, pypirc, docker_config, kubeconfig_key, kubeconfig_token, terraform_state, maven, jwk, wireguard,
              slack_webhook, discord_webhook, discord_bot, otpauth, curl_user, password_option, password_variable,
              mysql_option, cookie, password_hash, ansible]

# What a tool may know a file by.
NAMES = {netrc: ".netrc", netrc_line: ".netrc", npmrc: ".npmrc", npmrc_basic: ".npmrc", npmrc_auth: ".npmrc",
         pypirc: ".pypirc", docker_config: "config.json", kubeconfig_key: "kubeconfig.yaml", kubeconfig_token: "kubeconfig.yaml",
         terraform_state: "terraform.tfstate", maven: "settings.xml", service_account: "service-account.json", pem: "server.pem",
         putty: "id.ppk", wireguard: "wg0.conf", jwk: "key.json", ansible: "vault.yml", password_hash: "shadow"}


# Secrets in another coding. Each takes a secret that is known by itself.

def kubernetes(rng, secret):
    return ("apiVersion: v1\nkind: Secret\nmetadata:\n  name: app\ntype: Opaque\ndata:\n"
            f"  host: {b64('db.internal')}\n  value: {mark(b64(secret))}\n")


def kubernetes_newline(rng, secret):
    return f"kind: Secret\nmetadata: {{name: app}}\ndata:\n  value: {mark(b64(secret + chr(10)))}\n"


def kubernetes_password(rng, _):
    return f"apiVersion: v1\nkind: Secret\ndata:\n  password: {mark(b64(draw.password(rng, 12, 20)))}\n"


def base64_json(rng, secret):
    return f'{{"encoding": "base64", "content": "{mark(b64(secret))}"}}\n'


def base64_file(rng, secret):
    return f'{{"path": ".env", "content": "{mark(b64(f"PORT=8080{chr(10)}KEY={secret}{chr(10)}DEBUG=1{chr(10)}"))}"}}\n'


def base64_url(rng, secret):
    return f"https://app.example.com/cb?state={mark(b64url(json.dumps({'k': secret})))}&n=1\n"


def base64_shell(rng, secret):
    return f"echo {mark(b64(secret))} | base64 -d > out\n"


def basic_token(rng, secret):
    return f'curl -H "Authorization: Basic {mark(b64("x-token:" + secret))}" https://api.example.com\n'


def percent(rng, secret):
    every = "".join(f"%{byte:02X}" if not chr(byte).isalnum() else chr(byte) for byte in secret.encode())
    return f"POST /form HTTP/1.1\n\nuser=me&value={mark(every)}&go=1\n"


def percent_url(rng, _):
    password = urllib.parse.quote(draw.password(rng, 12, 18) + "@/", safe="")
    return f"DATABASE_URL=postgres://app:{mark(password)}@db.internal/app\n"


def unicode_escaped(rng, secret):
    return '{"text": "a \\u003cb\\u003e' + mark(secret) + '\\u003c/b\\u003e"}\n'


def hexadecimal(rng, secret):
    return f'payload = bytes.fromhex("{mark(secret.encode().hex())}")\n'


ENCODED = [kubernetes, kubernetes_newline, kubernetes_password, base64_json, base64_file, base64_url, base64_shell,
           basic_token, percent, percent_url, unicode_escaped, hexadecimal]
