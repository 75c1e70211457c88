"""Where secrets stand: files in which one is put, for the formats that need nothing around them to be known
(anchored, infix) and for values that only the name beside them gives away (context).

`{S}` is the secret, `{NAME}` and `{name}` the name beside it, `{J}` the secret as a JSON string's inside, `{U}` percent-encoded.
"""

# File name, text. The secret is known by itself here; the name may or may not tell.
ANYWHERE = [
    ("app.env", "LOG_LEVEL=info\n{NAME}={S}\nPORT=8080\n"),
    ("quoted.env", "# local\n{NAME}=\"{S}\"\n"),
    ("run.sh", "#!/bin/sh\nset -e\nexport {NAME}='{S}'\nexec ./server\n"),
    ("call.sh", "curl -s -H \"Authorization: Bearer {S}\" https://api.example.com/v2/items | jq .\n"),
    ("header.sh", "curl -s -H 'X-Service-Key: {S}' https://api.example.com/v2/items\n"),
    ("option.sh", "servicectl login --region eu --with {S} --verbose\n"),
    ("config.yaml", "server:\n  port: 8080\n  {name}: {S}\n  debug: false\n"),
    ("quoted.yaml", "service:\n  {name}: \"{S}\"  # rotate in May\n"),
    ("list.yaml", "values:\n  - first\n  - {S}\n  - last\n"),
    ("config.json", "{\n  \"port\": 8080,\n  \"{name}\": \"{J}\",\n  \"debug\": false\n}\n"),
    ("compact.json", "{\"a\":1,\"{name}\":\"{J}\",\"b\":[true,null]}\n"),
    ("transcript.json", "{\"role\":\"user\",\"content\":\"Here is the output:\\nready\\n{J}\\nWhat now?\"}\n"),
    ("tool.json", "{\"type\":\"tool_result\",\"content\":\"\\t\\\"value\\\": \\\"{J}\\\",\\n\\t\\\"next\\\": 1\"}\n"),
    ("twice.json", "{\"log\":\"{\\\"line\\\":\\\"got\\\\n{J}\\\\nend\\\"}\"}\n"),
    ("config.toml", "[service]\nregion = \"eu\"\n{name} = \"{S}\"\n"),
    ("settings.ini", "[service]\nregion=eu\n{name}={S}\n"),
    ("client.py", "from service import Client\n\nclient = Client(\"{S}\", timeout=5)\n"),
    ("fallback.py", "import os\n\nvalue = os.environ.get(\"{NAME}\", \"{S}\")\n"),
    ("client.js", "const service = require('service');\nmodule.exports = service.connect('{S}');\n"),
    ("template.ts", "export const header = `Bearer {S}`;\n"),
    ("main.go", "package main\n\nvar c = service.New(\"{S}\")\n"),
    ("Client.java", "class Client {\n    static final String VALUE = \"{S}\";\n}\n"),
    ("client.rb", "Service.configure { |c| c.value = '{S}' }\n"),
    ("Client.cs", "var client = new Client(@\"{S}\");\n"),
    ("index.php", "<?php\n$client = new Client(['value' => '{S}']);\n"),
    ("main.tf", "resource \"service\" \"main\" {\n  value = \"{S}\"\n}\n"),
    ("Dockerfile", "FROM debian\nENV {NAME}={S}\nRUN make\n"),
    ("compose.yaml", "services:\n  web:\n    environment:\n      - {NAME}={S}\n"),
    ("notes.md", "## Access\n\nUse `{S}` until the new one is there.\n"),
    ("prose.txt", "My colleague sent me {S}, but it has run out. Can you help?\n"),
    ("brackets.txt", "answer: ({S}) [done]\n"),
    ("app.log", "2024-05-06T07:08:09Z INFO auth ok with={S}; retry=0\n"),
    ("colour.log", "\x1b[32mOK\x1b[0m \x1b[1m{S}\x1b[0m sent\n"),
    ("address.txt", "GET https://api.example.com/v1/items?limit=5&k={U}&page=2 HTTP/1.1\n"),
    ("encoded.txt", "redirect=https%3A%2F%2Fapp.example.com%2Fcb%3Fv%3D{U}%26state%3D7\n"),
    ("config.xml", "<settings>\n  <entry>{S}</entry>\n</settings>\n"),
    ("attribute.html", "<div data-value=\"{S}\" class=\"x\"></div>\n"),
    ("rows.csv", "id,name,value\n1,first,{S}\n2,second,none\n"),
    ("seed.sql", "INSERT INTO settings VALUES (1, '{S}', now());\n"),
    ("app.properties", "service.region=eu\nservice.value={S}\n"),
    ("change.diff", "@@ -1,2 +1,2 @@\n-value: none\n+value: {S}\n"),
    ("last.txt", "the last word is {S}"),
]

# File name, text. Only the name tells that the value is secret.
NAMED = [
    ("app.env", "LOG_LEVEL=info\n{NAME}={S}\nPORT=8080\n"),
    ("quoted.env", "# local\n{NAME}=\"{S}\"\n"),
    ("run.sh", "#!/bin/sh\nexport {NAME}='{S}'\nexec ./server\n"),
    ("prefixed.env", "MYAPP_{NAME}={S}\n"),
    ("config.yaml", "server:\n  port: 8080\n  {name}: \"{S}\"\n"),
    ("single.yaml", "server:\n  {name}: '{S}'\n  debug: false\n"),
    ("camel.yaml", "server:\n  {camel}: \"{S}\"\n"),
    ("config.json", "{\n  \"port\": 8080,\n  \"{name}\": \"{J}\",\n  \"debug\": false\n}\n"),
    ("camel.json", "{\"port\":8080,\"{camel}\":\"{J}\"}\n"),
    ("transcript.json", "{\"role\":\"user\",\"content\":\"My .env:\\nPORT=80\\n{NAME}={J}\\nWhy does it fail?\"}\n"),
    ("tool.json", "{\"content\":\"{\\\"{name}\\\": \\\"{J}\\\", \\\"port\\\": 1}\"}\n"),
    ("config.toml", "[service]\n{name} = \"{S}\"\nport = 1\n"),
    ("settings.ini", "[service]\n{name} = {S}\n"),
    ("app.properties", "service.{name}={S}\n"),
    ("settings.py", "DEBUG = False\n{NAME} = \"{S}\"\n"),
    ("call.py", "client = connect(host=\"db\", {name}='{S}')\n"),
    ("fallback.py", "value = os.getenv(\"{NAME}\", \"{S}\")\n"),
    ("config.js", "module.exports = {\n  {camel}: '{S}',\n  port: 1,\n};\n"),
    ("config.ts", "const {camel}: string = \"{S}\";\n"),
    ("main.go", "cfg.{Camel} = \"{S}\"\n"),
    ("Config.java", "private static final String {NAME} = \"{S}\";\n"),
    ("config.rb", "config.{name} = \"{S}\"\n"),
    ("config.php", "<?php return ['{name}' => '{S}'];\n"),
    ("main.tf", "provider \"service\" {\n  {name} = \"{S}\"\n}\n"),
    ("Dockerfile", "FROM debian\nENV {NAME}={S}\n"),
    ("compose.yaml", "services:\n  db:\n    environment:\n      {NAME}: \"{S}\"\n"),
    ("list.yaml", "env:\n  - name: {NAME}\n    value: \"{S}\"\n"),
    ("config.xml", "<add key=\"{name}\" value=\"{S}\" />\n"),
    ("element.xml", "<server><{name}>{S}</{name}></server>\n"),
]


def camel(name: str) -> str:
    """snake_case as camelCase."""
    first, *others = name.split("_")
    return first + "".join(word.title() for word in others)
