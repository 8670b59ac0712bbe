"""A source file as the rules see it: its text, and its code without comments and without the insides of strings."""

import re
from dataclasses import dataclass
from functools import cached_property

# Comments, string literals (raw ones too) and character literals, longest first.
_TOKENS = re.compile(
    r"""//[^\n]*|/\*.*?\*/|R"([^()\\\s]{0,16})\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|(?<![0-9a-fA-F])'(?:\\.|[^'\\\n])+'""",
    re.DOTALL,
)


def _blank(match):
    """What a token leaves: its line breaks, and the quotes of a string."""
    token = match.group(0)
    breaks = "\n" * token.count("\n")
    if token.startswith("/"):
        return " " + breaks
    return token[0] + breaks + token[-1]


@dataclass(frozen=True)
class Source:
    path: str  # from the root of the repository, with slashes
    text: str

    @cached_property
    def is_cpp(self):
        return self.path.endswith((".cpp", ".hpp"))

    @cached_property
    def code(self):
        """The text without comments and without what stands inside quotes; the same number of lines. Includes stay whole."""
        kept = []
        for line in _TOKENS.sub(_blank, self.text).split("\n"):
            kept.append(line)
        original = self.text.split("\n")
        for number, line in enumerate(kept):
            if line.lstrip().startswith("#include"):
                kept[number] = original[number].split("//")[0]
        return "\n".join(kept)

    @cached_property
    def code_lines(self):
        return self.code.split("\n")

    def matches(self, pattern):
        """(line number, matched text) of each place in the code that the pattern matches, line by line."""
        for number, line in enumerate(self.code_lines, start=1):
            for match in re.finditer(pattern, line):
                yield number, match.group(0)

    def text_matches(self, pattern):
        """As matches(), in the whole text."""
        for number, line in enumerate(self.text.split("\n"), start=1):
            for match in re.finditer(pattern, line):
                yield number, match.group(0)
