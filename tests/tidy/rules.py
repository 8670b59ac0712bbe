"""The rules of the house, each a function from one source to its findings: (line, what is wrong and what would be right).

ARCHITECTURE.md says why each rule is there. An exception is named in EXCEPTIONS, with its reason, and nowhere else.
"""

import posixpath
import re

# The modules of lib/ and the folders beside it, each with what it may include.
MAY_INCLUDE = {
    "core": [],
    "trace": ["core"],
    "wire": ["core", "trace"],
    "transport": ["core", "trace", "wire"],
    "remotes": ["core", "trace", "wire", "transport"],
    "replication": ["core", "trace", "wire", "transport", "remotes"],
    "online": ["core", "trace", "wire", "transport", "remotes", "replication"],
    "recorder": ["core", "trace"],
    "runtime": ["core", "trace", "wire", "transport", "remotes", "replication", "online", "recorder"],
}
LIBRARY = list(MAY_INCLUDE)
MAY_INCLUDE["simulator"] = LIBRARY
MAY_INCLUDE["loadgen"] = [*LIBRARY, "simulator"]
MAY_INCLUDE["gui"] = ["core", "trace", "recorder"]

# Modules that do no I/O, read no clock and start no thread. The simulator's network is virtual; its proxy is not.
SANS_IO = [module for module in LIBRARY if module != "runtime"]

TOP_LEVEL = {
    "CMakeLists.txt", "CMakePresets.json", "lib", "simulator", "loadgen", "gui", "scenarios", "deploy", "tests", "dev", "README.md",
    "LICENSE", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md",
}

CODE_LINES_MAX = 600

# (rule, path): reason. A path that ends in / stands for all that is below it.
EXCEPTIONS = {
    ("clock", "lib/src/runtime/asio_host.cpp"): "the one place that reads the monotonic clock",
    ("clock", "lib/src/runtime/wall_clock.cpp"): "the one place that reads the wall clock, for main() to pass on",
    ("clock", "tests/bench/"): "measures real time",
    ("sleep", "tests/bench/"): "paces raw sockets, the yardstick, which have no host",
    ("clock", "loadgen/runner/process_usage.cpp"): "reads the processor time that was used, not the time",
    ("clock", "tests/unit/core/time_test.cpp"): "shows that Timeline has no now()",
    ("socket", "lib/src/core/address.cpp"): "inet_pton and inet_ntop, which touch no socket",
}


def module_of(path):
    """The module that a file belongs to, or None for what is in no module (tests, examples)."""
    match = re.match(r"lib/(?:include/squall|src)/(\w+)/", path) or re.match(r"(simulator|loadgen|gui)/", path)
    return match.group(1) if match else None


def _in(modules):
    return lambda source: source.is_cpp and module_of(source.path) in modules


def _cpp(source):
    return source.is_cpp


def _any(source):
    return True


def _banned(pattern, instead):
    """A rule that forbids a pattern in code."""

    def check(source):
        reported = 0
        for line, text in source.matches(pattern):
            if line != reported:
                yield line, f"'{text.strip()}': {instead}"
            reported = line

    return check


def order(source):
    """Modules include only those before them, and of another module only its public headers."""
    module = module_of(source.path)
    for number, line in enumerate(source.code_lines, start=1):
        match = re.match(r'\s*#include\s*[<"]squall/(\w+)/', line)
        if match and match.group(1) != module and match.group(1) not in MAY_INCLUDE[module]:
            yield number, f"{module} must not include {match.group(1)}; it may include: {', '.join(MAY_INCLUDE[module]) or 'nothing'}"
        match = re.match(r'\s*#include\s*"(\w+)/', line)
        if match and match.group(1) in LIBRARY and match.group(1) != module:
            yield number, f"{module} includes a private header of {match.group(1)}; only squall/{match.group(1)}/ is public"


def first_comment(source):
    """A file begins by saying what it knows and what it does not; what implements a header of its name has that header's word."""
    stem = re.escape(source.path.rsplit("/")[-1].removesuffix(".cpp"))
    if source.path.endswith(".cpp") and re.match(rf'#include "(?:[\w/]+/)?{stem}\.hpp"', source.text):
        return
    if not source.text.startswith("//"):
        yield 1, "begins without a comment that says what the file knows and what it does not"


def pragma_once(source):
    if "#pragma once" not in source.code_lines:
        yield 1, "a header without #pragma once"


def size(source):
    """Long files hide more than one duty."""
    lines = sum(1 for line in source.code_lines if line.strip())
    if lines > CODE_LINES_MAX:
        yield 1, f"{lines} lines of code; more than {CODE_LINES_MAX} in one file: split it by duty"


def unordered_iteration(source):
    """The order of an unordered container differs between runs and machines: it may be looked up in, never walked."""
    names = set(re.findall(r"\bunordered_(?:map|set|multimap|multiset)<[^;{}()]*>\s+(\w+)\s*[;{=]", source.code))
    if not names:
        return
    alternatives = "|".join(sorted(names))
    for line, text in source.matches(rf"\bfor\s*\([^;)]*:\s*(?:\w+(?:\.|->))?(?:{alternatives})\s*\)|\b(?:{alternatives})\.begin\(\)"):
        yield line, f"'{text}' walks an unordered container: its order is not repeatable; use an ordered one"


def unfinished(source):
    for line, text in source.text_matches(r"\b(?:TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b"):
        yield line, f"'{text}': finish it, or say in an issue what is open"


def machine_path(source):
    for line, text in source.text_matches(r"(?<![\w.~/}])/(?:work|home|root|Users|tmp)/[\w.-]+"):
        yield line, f"'{text}' is a path of one machine"


def fast_math(source):
    for line, text in source.text_matches(r"^[^#]*-(?:ffast-math|Ofast|funsafe-math-optimizations)"):
        yield line, f"'{text.strip()}': results must be equal on both compilers"


_NAMES = r"\b(?:class|struct|enum(?:\s+class)?)\s+\w*(?:Manager|Helper|Utils?|Impl|Base)\b"

# rule: (applies to a source, check)
RULES = {
    "order": (lambda s: s.is_cpp and module_of(s.path) is not None, order),
    "clock": (
        lambda s: s.is_cpp and (module_of(s.path) is not None or s.path.startswith("tests/")),
        _banned(
            r"::now\s*\(|\b(?:system|steady|high_resolution|utc)_clock\b|\b(?:clock_gettime|gettimeofday)\b",
            "time is an argument; only the host reads a clock",
        ),
    ),
    "random": (
        _cpp,
        _banned(
            r"\brandom_device\b|(?<![\w.>])s?rand\s*\(|\bmt19937(?:_64)?\b|\bdefault_random_engine\b|\bstd::\w+_distribution\b",
            "behaviour draws from squall::Rng, secrets come from squall::EntropySource",
        ),
    ),
    "thread": (
        _in([*SANS_IO, "simulator"]),
        _banned(
            r"\bstd::(?:jthread|thread|mutex|condition_variable|async|future)\b|#include\s*<(?:thread|mutex|future|condition_variable)>",
            "threads live in runtime",
        ),
    ),
    "sleep": (_cpp, _banned(r"\bsleep_(?:for|until)\b|(?<!\w)::sleep\s*\(|\busleep\b|\bnanosleep\b", "wait for a deadline of the host")),
    "environment": (_in(LIBRARY), _banned(r"\b(?:secure_)?getenv\b", "configuration is an argument")),
    "socket": (
        _in(SANS_IO),
        _banned(
            r"#include\s*<(?:asio[/.]|sys/socket|sys/un|netinet/|arpa/inet|netdb|sys/epoll|poll\.h|unistd|fcntl|fstream|filesystem|iostream)[\w./]*>?",
            "this module does no I/O; that belongs to runtime",
        ),
    ),
    "asio": (_in(["simulator", "loadgen", "gui"]), _banned(r"#include\s*<asio[/.][\w./]*>?", "only runtime includes asio")),
    "ownership": (
        _in([*SANS_IO, "simulator"]),
        _banned(r"\b(?:std::)?(?:shared_ptr|weak_ptr|make_shared|enable_shared_from_this)\b", "one owner: unique_ptr or a value"),
    ),
    "using": (
        lambda s: s.is_cpp and not (s.path.startswith("tests/") and s.path.endswith(".cpp")),
        _banned(
            r"\busing\s+namespace\s+(?!std::(?:chrono_|string_view_|string_)?literals\b)[\w:]+",
            "name what is used; only the standard literals may be taken whole",
        ),
    ),
    "names": (lambda s: s.is_cpp and not s.path.startswith("tests/"), _banned(_NAMES, "name the duty, not 'manager' or 'helper'")),
    "first comment": (_cpp, first_comment),
    "pragma once": (lambda s: s.path.endswith(".hpp"), pragma_once),
    "size": (_cpp, size),
    "unordered iteration": (_in([*SANS_IO, "simulator", "loadgen"]), unordered_iteration),
    "unfinished": (_any, unfinished),
    "machine path": (_any, machine_path),
    "fast math": (lambda s: not s.path.endswith((".py", ".md")) or s.is_cpp, fast_math),
}


def exception_for(rule, path):
    """The reason why the rule does not hold for this path, or None."""
    for (excepted, where), reason in EXCEPTIONS.items():
        if excepted == rule and (path == where or (where.endswith("/") and path.startswith(where))):
            return reason
    return None


def findings(source):
    """All that the rules find in one source: (path, line, rule, message)."""
    for rule, (applies, check) in RULES.items():
        if applies(source) and exception_for(rule, source.path) is None:
            for line, message in check(source):
                yield source.path, line, rule, message


def top_level(paths):
    """The top level holds the folders of the plan and nothing else. `paths`: all files of the repository."""
    for name in sorted({path.split("/")[0] for path in paths}):
        if name not in TOP_LEVEL and not name.startswith("."):
            yield name, 1, "top level", f"'{name}' does not belong to the top level; there may be: {', '.join(sorted(TOP_LEVEL))}"


def links(source, paths):
    """A relative link in a document leads to a file or folder of the repository."""
    folders = {"/".join(path.split("/")[:depth]) for path in paths for depth in range(1, path.count("/") + 1)}
    for line, text in source.text_matches(r"\]\((?!https?://|#)[^)\s]+\)"):
        target = text[2:-1].split("#")[0]
        where = posixpath.normpath(posixpath.join(posixpath.dirname(source.path), target))
        if where not in paths and where not in folders:
            yield source.path, line, "links", f"'{target}' leads nowhere"


def _words(text):
    """The text with one space wherever it has any."""
    return " ".join(text.split())


def quoted_examples(source, examples):
    """C++ in the READMEs is quoted from an example, which a test compiles and runs; indented and broken as one likes."""
    for block in re.finditer(r"```(?:cpp|c\+\+)\n(.*?)```", source.text, re.DOTALL):
        if not any(_words(block.group(1)) in example for example in examples):
            line = source.text[: block.start()].count("\n") + 1
            yield source.path, line, "quoted examples", "this C++ is in no file of lib/examples, so nobody knows whether it compiles"


def tests_named(source, tests):
    """A test that lib/FEATURES.md names (`Suite.Name`) exists. `tests`: the names of all tests."""
    for line, name in source.text_matches(r"(?<![\w.`/])[A-Z]\w*\.[A-Z]\w+"):
        if name not in tests:
            yield source.path, line, "tests named", f"there is no test {name}"


def document_findings(sources, paths):
    """What the rules over several files find in the documents. `sources`: all text files; `paths`: all files."""
    examples = [_words(source.text) for source in sources if source.path.startswith("lib/examples/")]
    declared = r"\bTEST(?:_P|_F)?\(\s*(\w+),\s*(\w+)"
    tests = {".".join(pair) for source in sources if source.path.startswith("tests/") for pair in re.findall(declared, source.text)}
    for source in sources:
        if source.path.endswith(".md"):
            yield from links(source, set(paths))
        if source.path == "README.md" or (source.path.startswith("lib/") and source.path.endswith(".md")):
            yield from quoted_examples(source, examples)
        if source.path == "lib/FEATURES.md":
            yield from tests_named(source, tests)
