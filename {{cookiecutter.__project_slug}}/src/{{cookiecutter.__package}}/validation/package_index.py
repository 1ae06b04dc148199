"""Lets uv install from where pip would: uv reads neither pip's variables nor its files."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Mapping

PYPI = "https://pypi.org/simple"
# The variables of uv that mean the same as a setting of pip, and what separates several values.
VARIABLES = {
    "cert": ("SSL_CERT_FILE", " "),
    "extra-index-url": ("UV_INDEX", " "),
    "find-links": ("UV_FIND_LINKS", ","),
    "index-url": ("UV_DEFAULT_INDEX", " "),
    "no-index": ("UV_NO_INDEX", " "),
    "trusted-host": ("UV_INSECURE_HOST", " "),
}


def list_variables() -> dict[str, str]:
    """Translates what pip is told into variables of uv."""
    told = read_pip_settings()
    variables = {
        variable: separator.join(told[name].split())
        for name, (variable, separator) in VARIABLES.items()
        if name in told
    }
    if "UV_INDEX" in variables:
        # pip takes the best version of all indexes; uv would stop at the first with the package.
        variables["UV_INDEX_STRATEGY"] = "unsafe-best-match"
    return variables


def read_pip_settings() -> dict[str, str]:
    """Asks pip for the settings that its variables and files give to `pip install`.

    Raises:
        RuntimeError: pip does not answer.
    """
    command = [sys.executable, "-m", "pip", "config", "list"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"pip does not say where it installs from: {done.stderr.strip()[-300:]}")
    told: dict[str, str] = {}
    # The later come before the earlier. pip writes values in quotes, and ends of lines as \\n.
    for section in ("global", "install", ":env:"):
        for name, value in re.findall(rf"(?m)^{section}\.([a-z-]+)=.(.*).$", done.stdout):
            told[name] = value.replace(r"\n", " ")
    return told


def name_indexes(variables: Mapping[str, str]) -> str:
    """The addresses that uv installs from, without credentials."""
    addresses = [variables.get("UV_DEFAULT_INDEX", PYPI), *variables.get("UV_INDEX", "").split()]
    return hide_credentials(" and ".join(addresses))


def hide_credentials(text: str) -> str:
    """Removes names and passwords from the addresses in a text."""
    return re.sub(r"//[^/@\s]+@", "//", text)
