"""Draws made-up secrets from patterns, with a seeded generator.

A pattern is a small regular expression: literals, `\\x`, `[class]`, `(a|b)`, `{n}` and `{m,n}`, and the
specials `<crc62:N>`, `<password:A-B>`, `<phrase>`. What is drawn is random: no real credential comes out.
"""

import random
import re
import string
import zlib

BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase
WORDS = ("amber basil cedar delta ember falcon garnet harbor indigo juniper kettle lantern marble nectar "
         "orchid pepper quartz raven saffron timber umber velvet willow yonder zephyr copper meadow").split()
TOKEN = re.compile(r"\\(?P<escaped>.)|\[(?P<set>[^\]]+)\]|\((?P<choice>[^)]*)\)|<(?P<special>[^>]+)>|(?P<literal>.)")
REPEAT = re.compile(r"\{(\d+)(?:,(\d+))?\}")


def secret(pattern: str, rng: random.Random) -> str:
    """One secret of the pattern."""
    drawn, at = [], 0
    while at < len(pattern):
        token = TOKEN.match(pattern, at)
        at = token.end()
        repeat = REPEAT.match(pattern, at)
        count = 1
        if repeat:
            at = repeat.end()
            low, high = repeat.groups()
            count = rng.randint(int(low), int(high or low))
        drawn.extend(_one(token, rng) for _ in range(count))
    return "".join(drawn)


def _one(token: re.Match, rng: random.Random) -> str:
    if token["set"]:
        return rng.choice(_members(token["set"]))
    if token["choice"] is not None:
        return rng.choice(token["choice"].split("|"))
    if token["special"]:
        return _special(token["special"], rng)
    return token["escaped"] or token["literal"]


def _members(text: str) -> str:
    """The characters of a class."""
    members, at = [], 0
    while at < len(text):
        if text[at + 1:at + 2] == "-" and at + 2 < len(text):
            members.extend(map(chr, range(ord(text[at]), ord(text[at + 2]) + 1)))
            at += 3
        else:
            members.append(text[at])
            at += 1
    return "".join(members)


def _special(text: str, rng: random.Random) -> str:
    name, _, argument = text.partition(":")
    if name == "crc62":
        return _with_checksum(int(argument), rng)
    if name == "password":
        low, high = map(int, argument.split("-"))
        return password(rng, low, high)
    return phrase(rng)


def _with_checksum(length: int, rng: random.Random) -> str:
    """Base-62 characters, the last six the CRC-32 of the others, as GitHub and npm do it."""
    body = "".join(rng.choices(BASE62, k=length - 6))
    crc, digits = zlib.crc32(body.encode()), ""
    for _ in range(6):
        crc, digit = divmod(crc, 62)
        digits = BASE62[digit] + digits
    return body + digits


def password(rng: random.Random, low: int, high: int) -> str:
    """As a password manager makes them: every class of character occurs."""
    length = rng.randint(low, high)
    sets = [string.ascii_lowercase, string.ascii_uppercase, string.digits, "!@#%^*-_+=?.~"]
    chosen = [rng.choice(members) for members in sets]
    chosen += rng.choices("".join(sets), k=length - len(chosen))
    rng.shuffle(chosen)
    # A leading sign would make it an option, a comment or an anchor somewhere.
    chosen.insert(0, rng.choice(string.ascii_letters))
    return "".join(chosen[:length])


def phrase(rng: random.Random) -> str:
    """As people make them: words, a number, perhaps a sign."""
    first, second = rng.sample(WORDS, 2)
    return f"{first.title()}{rng.choice(['', '-', '_'])}{second}{rng.randint(10, 9999)}{rng.choice(['', '!', '#'])}"


def plain(rng: random.Random, length: int = 16) -> str:
    """Letters and digits, of both cases: safe in every syntax."""
    return "".join(rng.choices(string.ascii_letters + string.digits, k=length - 2)) + rng.choice(string.digits) + "x"
