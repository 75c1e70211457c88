"""Coding agents, each in a clean home, on the task of copying a secret from one file to another.

The echo provider in `agent` mode plays the model: it has the agent read the file, and write what stood
there for the secret, a placeholder, to the other file.
"""

import json
import os
import subprocess
import time

from stack import Failure

# Long enough for a machine as busy as it likes: what is measured is told, and not judged.
TIMEOUT = 400


class TooLong(Failure):
    """An agent did not end in time."""


QUIET = {
    "CI": "1",
    "NO_COLOR": "1",
    "DO_NOT_TRACK": "1",
    # Claude Code
    "DISABLE_TELEMETRY": "1",
    "DISABLE_AUTOUPDATER": "1",
    "DISABLE_ERROR_REPORTING": "1",
    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
    "IS_SANDBOX": "1",  # lets it skip permissions as root
    # OpenCode
    "OPENCODE_DISABLE_AUTOUPDATE": "1",
    "OPENCODE_DISABLE_MODELS_FETCH": "1",
    "OPENCODE_DISABLE_LSP_DOWNLOAD": "1",
    "OPENCODE_DISABLE_DEFAULT_PLUGINS": "1",
}


def claude(stack, home, prompt):
    arguments = ["claude", "-p", "--dangerously-skip-permissions"]
    return arguments, {"ANTHROPIC_BASE_URL": stack.anthropic, "ANTHROPIC_API_KEY": "test"}


def claude_launched(stack, home, prompt):
    """Started by `waterwall launch`, which checks the gateway and sets the base URL."""
    command, variables = claude(stack, home, prompt)
    if stack.gateway is None:
        return command, variables
    del variables["ANTHROPIC_BASE_URL"]
    return [stack.gateway.resolve(), "launch", "--config", stack.config, "--", *command], variables


def codex(stack, home, prompt):
    """With a provider of its own in the configuration, which speaks HTTP from the start and retries less."""
    codex_provider(stack, home, 'env_key = "OPENAI_API_KEY"')
    return codex_command(), {"OPENAI_API_KEY": "test"}


def codex_login(stack, home, prompt):
    """The same, with the key or log-in that the built-in provider has."""
    codex_provider(stack, home, "requires_openai_auth = true")
    return codex_command(), {"CODEX_API_KEY": "test"}


def codex_provider(stack, home, key):
    config = home / ".codex" / "config.toml"
    config.parent.mkdir()
    config.write_text(
        'model = "gpt-echo"\nmodel_provider = "echo"\ncheck_for_update_on_startup = false\n'
        f'[model_providers.echo]\nname = "echo"\nbase_url = "{stack.openai}"\n'
        f'{key}\nwire_api = "responses"\nstream_max_retries = 1\n'
        "[analytics]\nenabled = false\n"
    )


def codex_builtin(stack, home, prompt):
    """With the built-in provider, which tries a WebSocket first and has to be told to use HTTP."""
    config = home / ".codex" / "config.toml"
    config.parent.mkdir()
    config.write_text(
        f'model = "gpt-echo"\nopenai_base_url = "{stack.openai}"\ncheck_for_update_on_startup = false\n'
        "[analytics]\nenabled = false\n"
    )
    return codex_command(), {"CODEX_API_KEY": "test"}


def codex_command():
    return ["codex", "exec", "--skip-git-repo-check", "--dangerously-bypass-approvals-and-sandbox", "-"]


def opencode(stack, home, prompt):
    config = home / ".config" / "opencode" / "opencode.json"
    config.parent.mkdir(parents=True)
    options = {"baseURL": f"{stack.anthropic}/v1", "apiKey": "test"}
    settings = {"autoupdate": False, "share": "disabled", "permission": "allow"}
    config.write_text(json.dumps({**settings, "provider": {"anthropic": {"options": options}}}))
    return ["opencode", "run", "-m", "anthropic/claude-sonnet-4-5"], {}


def proxied(stack, command):
    """In proxy mode, started by `waterwall launch`: no base URL anywhere, the providers' own names."""
    return [stack.gateway.resolve(), "launch", "--mode", "proxy", "--config", stack.config, "--", *command]


def claude_proxied(stack, home, prompt):
    return proxied(stack, claude(stack, home, prompt)[0]), {"ANTHROPIC_API_KEY": "test"}


def codex_proxied(stack, home, prompt):
    """The built-in provider at its own address."""
    config = home / ".codex" / "config.toml"
    config.parent.mkdir()
    config.write_text('model = "gpt-echo"\ncheck_for_update_on_startup = false\n[analytics]\nenabled = false\n')
    return proxied(stack, codex_command()), {"CODEX_API_KEY": "test"}


def opencode_proxied(stack, home, prompt):
    config = home / ".config" / "opencode" / "opencode.json"
    config.parent.mkdir(parents=True)
    settings = {"autoupdate": False, "share": "disabled", "permission": "allow"}
    config.write_text(json.dumps({**settings, "provider": {"anthropic": {"options": {"apiKey": "test"}}}}))
    return proxied(stack, ["opencode", "run", "-m", "anthropic/claude-sonnet-4-5"]), {}


AGENTS = {
    "claude": claude,
    "claude-launched": claude_launched,
    "codex": codex,
    "codex-login": codex_login,
    "codex-builtin": codex_builtin,
    "opencode": opencode,
    "claude-proxied": claude_proxied,
    "codex-proxied": codex_proxied,
    "opencode-proxied": opencode_proxied,
}
PROXIED = [name for name in AGENTS if name.endswith("-proxied")]

# What they can copy with; Codex has no file tools.
FILES, SHELL = "files", "shell"
WAYS = {"claude": [FILES, SHELL], "claude-launched": [FILES], "opencode": [FILES, SHELL],
        "claude-proxied": [FILES], "opencode-proxied": [FILES]}


def ways(name):
    return WAYS.get(name, [SHELL])


def copy_file(name, stack, binaries, text, way):
    """Has the agent copy a file that holds `text`, by its file tools or by the shell.

    Returns what the target file holds, and the agent's transcript.
    """
    work, source, target = clean_work(stack, text)
    prompt = f"Copy the file {source} to {target}" + (" using the shell" if way == SHELL else "")
    transcript = start(name, stack, binaries, work, prompt)
    if not target.exists():
        raise Failure(f"{name} wrote no file. Its transcript:\n{transcript}")
    return target.read_text(), transcript


def refused(name, stack, binaries, limit):
    """Gives the agent a task that the gateway refuses; returns its transcript and after how many seconds it ended."""
    work, source, target = clean_work(stack, "nothing secret")
    started = time.monotonic()
    transcript = start(name, stack, binaries, work, f"Copy the file {source} to {target}", limit)
    if target.exists():
        raise Failure(f"{name} did its task. Its transcript:\n{transcript}")
    return transcript, time.monotonic() - started


def clean_work(stack, text):
    """A clean home with a folder to work in: that folder, a file that holds `text`, and a file to be."""
    home = stack.path / f"home-{len(list(stack.path.glob('home-*')))}"
    work = home / "work"
    work.mkdir(parents=True)
    source, target = work / "source.txt", work / "target.txt"
    source.write_text(text)
    return work, source, target


def start(name, stack, binaries, work, prompt, limit=TIMEOUT):
    """Runs the agent to its end; only the prompt and a clean environment go to it. Returns its transcript."""
    home = work.parent
    command, variables = AGENTS[name](stack, home, prompt)
    environment = {"PATH": f"{binaries}:{os.environ['PATH']}", "HOME": str(home), **QUIET, **variables}
    return run([str(binaries / command[0]), *command[1:]], prompt, work, environment, limit)


def run(command, prompt, work, environment, limit):
    """Runs the agent with the prompt as its standard input; past the time limit it and its children are ended."""
    agent = subprocess.Popen(
        command,
        cwd=work,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        transcript, _ = agent.communicate(prompt, limit)
    except subprocess.TimeoutExpired:
        os.killpg(agent.pid, 9)
        transcript, _ = agent.communicate()
        raise TooLong(f"{command[0]} took more than {limit} s. Its transcript:\n{transcript}") from None
    return transcript
