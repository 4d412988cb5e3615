"""The source tree as the tidy rules see it: files, their code without comments, their functions."""

import os
import re

FOLDERS = ("base", "mailbox", "config", "market", "executors", "controllers", "persistence",
           "actors", "app", "tests")
LITERALS = re.compile(r"""/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'""", re.DOTALL)
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(<[^>]+>|"[^"]+")', re.MULTILINE)
# The line before a function: blank, or the end of something else.
HEAD_ENDS = re.compile(r"^\s*$|[;}]\s*$|^\s*#|\\$")
CALLED = re.compile(r"\b(?P<name>[a-z]\w*)\(")


class Source:
    """One file. `code` is its text with comments and literals blanked out, line for line."""

    def __init__(self, path, text):
        self.path = path
        self.text = text
        self.code = LITERALS.sub(blank, text)

    @property
    def folder(self):
        return self.path.split("/")[0]

    def line_of(self, offset):
        return self.text.count("\n", 0, offset) + 1

    def includes(self):
        """(line, name with its <> or "") of every include, in order."""
        return [(self.line_of(match.start()), match.group(1))
                for match in INCLUDE.finditer(self.text)
                if "#" in self.code[match.start():match.end()]]

    def functions(self):
        """The functions defined here: (name, line, number of lines, parameters).

        Their braces stand alone in the first column; that is how clang-format lays them out.
        """
        lines = self.code.split("\n")
        for opening, line in enumerate(lines):
            if line != "{":
                continue
            first = opening
            while first > 0 and not HEAD_ENDS.search(lines[first - 1]):
                first -= 1
            name, found = signature("\n".join(lines[first:opening]))
            if name and "}" in lines[opening:]:
                closing = lines.index("}", opening)
                yield name, first + 1, closing - first + 1, found

    def declarations(self):
        """The functions a header offers, also those defined in it: (name, line, parameters)."""
        line = 1
        for statement in blank_blocks(self.code).split(";")[:-1]:
            text = statement.lstrip()
            name, found = signature(text)
            if name and not text.startswith("typedef"):
                yield name, line + statement[:len(statement) - len(text)].count("\n"), found
            line += statement.count("\n")


def signature(text):
    """Name and parameters of a declaration; (None, []) when it is no function."""
    match = CALLED.search(text)
    if not match or "=" in text[:match.start()]:
        return None, []
    depth, end = 1, match.end()
    while depth > 0 and end < len(text):
        depth += (text[end] == "(") - (text[end] == ")")
        end += 1
    return match["name"], parameters(text[match.end():end - 1])


def blank(match):
    """Spaces instead of a comment or a literal, so that offsets and lines stay."""
    text = match.group(0)
    if text[0] in "\"'":
        return text[0] + " " * (len(text) - 2) + text[0]
    return re.sub(r"[^\n]", " ", text)


def blank_blocks(code):
    """The code without preprocessor lines and blocks; the end of a block ends a statement."""
    code = re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", lambda m: re.sub(r"[^\n]", " ", m.group(0)),
                  code, flags=re.MULTILINE)
    result, depth = [], 0
    for char in code:
        depth -= char == "}"
        if depth == 0:
            result.append(";" if char == "}" else char)
        else:
            result.append("\n" if char == "\n" else " ")
        depth += char == "{"
    return "".join(result)


def parameters(text):
    """The parameters of a parameter list; commas inside parentheses do not count, nor does "..."."""
    found, depth, current = [], 0, ""
    for char in text + ",":
        depth += (char == "(") - (char == ")")
        if char == "," and depth == 0:
            found.append(" ".join(current.split()))
            current = ""
        else:
            current += char
    return [parameter for parameter in found if parameter not in ("", "void", "...")]


def load(root):
    """Every C file of the repository, sorted by path."""
    found = []
    for folder in FOLDERS:
        for place, _, names in os.walk(os.path.join(root, folder)):
            for name in names:
                if name.endswith((".c", ".h")):
                    path = os.path.join(place, name)
                    with open(path, encoding="utf-8") as file:
                        found.append(Source(os.path.relpath(path, root), file.read()))
    return sorted(found, key=lambda source: source.path)
