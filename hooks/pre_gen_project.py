"""Refuses answers that would give a broken project: one line for each."""

import json
import keyword
import re
import sys
from collections.abc import Iterator

# The answers as data: no answer can end this string, or be taken for code.
ANSWERS = json.loads(bytes.fromhex("{{ (cookiecutter | jsonify).encode().hex() }}"))

HOST = r"https://adb-\d{5,20}\.\d{1,2}\.azuredatabricks\.net"
EMAIL = r"[A-Za-z0-9][A-Za-z0-9._%+-]*@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+"
CATALOG = r"[a-z][a-z0-9_]{0,63}"
NAME = r"[^\W_][\w .'&+-]{0,58}"
LONGEST = 30
RESERVED_CATALOGS = {"system", "samples", "hive_metastore", "spark_catalog", "global_temp"}
# YAML takes these for something else than a name.
WORDS_OF_YAML = {"false", "n", "no", "null", "off", "on", "true", "y", "yes"}
# What git ignores, and the tests that Python brings.
IGNORED = {"artifacts", "build", "dist", "mlruns", "test"}
# Modules of Python 3.11 and 3.12, for the project, that the Python which runs this may lack.
FORMER = {
    "aifc", "asynchat", "asyncore", "audioop", "cgi", "cgitb", "chunk", "crypt", "distutils",
    "imghdr", "imp", "lib2to3", "mailcap", "msilib", "nis", "nntplib", "ossaudiodev", "pipes",
    "smtpd", "sndhdr", "spwd", "sunau", "telnetlib", "uu", "xdrlib",
}  # fmt: skip
RESERVED = {*ANSWERS["_taken_names"], *IGNORED, *FORMER, *WORDS_OF_YAML, *sys.stdlib_module_names}


def list_faults() -> Iterator[str]:
    """Each fault: question, answer, what is allowed."""
    yield from check_name(ANSWERS["project_name"], ANSWERS["__package"])
    if not re.fullmatch(EMAIL, ANSWERS["owner_email"]):
        yield describe("owner_email", "an e-mail address such as owner@example.com")
    for target in ("dev", "staging", "prod"):
        if not re.fullmatch(HOST, ANSWERS[f"{target}_host"]):
            allowed = "https://adb-NUMBER.NUMBER.azuredatabricks.net, and nothing after it"
            yield describe(f"{target}_host", allowed)
        yield from check_catalog(f"{target}_catalog")


def check_name(name: str, package: str) -> Iterator[str]:
    """The name, and the Python package that it gives."""
    if not re.fullmatch(NAME, name):
        yield describe("project_name", "letters, digits, blanks and . ' & + - _, at most 59")
    elif not re.fullmatch(r"[a-z][a-z0-9_]*", package):
        yield describe("project_name", "a name that begins with a letter")
    elif len(package) > LONGEST:
        yield describe("project_name", f"at most {LONGEST} characters; it gives {package}")
    elif keyword.iskeyword(package) or package in RESERVED:
        yield describe("project_name", f"a name that nothing else has; {package} is taken")


def check_catalog(question: str) -> Iterator[str]:
    """One catalog, and that no other target has it."""
    catalog = ANSWERS[question]
    if not re.fullmatch(CATALOG, catalog) or catalog in RESERVED_CATALOGS | WORDS_OF_YAML:
        yield describe(question, "lower-case letters, digits and _, not a catalog of Databricks")
    others = [q for q in ANSWERS if q.endswith("_catalog") and q < question]
    for other in others:
        if ANSWERS[other] == catalog:
            yield describe(question, f"a catalog of its own: {other} is the same")


def describe(question: str, allowed: str) -> str:
    """One fault in one line."""
    return f"{question}: {ANSWERS[question]!r} is refused; allowed: {allowed}"


if __name__ == "__main__":
    faults = list(list_faults())
    print("\n".join(faults), file=sys.stderr)
    sys.exit(bool(faults))
