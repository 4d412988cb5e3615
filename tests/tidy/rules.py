"""The rules that the source keeps, as data.

A rule has a name, a reason, a check, and samples: `bad` ones that the check must refuse and `good`
ones that it must accept, so that a check which finds nothing any more is noticed. A sample is a
list of (path, text). A check takes a list of sources and yields (source, line, message).

To add a rule: write its check and add it to the list of its group at the end.
"""

import fnmatch
import re
from collections import namedtuple

Rule = namedtuple("Rule", "name reason check bad good")


def matches(path, globs):
    return any(fnmatch.fnmatchcase(path, glob) for glob in globs)


# ---- Layers: a folder includes only folders below it, and nothing sideways.

BELOW = {
    "base": (),
    "mailbox": ("base",),
    "config": ("base",),
    "market": ("base", "config"),
    "executors": ("base", "config", "market"),
    "controllers": ("base", "config", "market", "executors"),
    "persistence": ("base", "config", "market"),
    "actors": ("base", "mailbox", "config", "market", "executors", "controllers", "persistence"),
    "app": ("base", "mailbox", "config", "market", "executors", "controllers", "persistence",
            "actors"),
}


def layer_of(path):
    """The folder whose rules a file keeps: unit tests keep those of the folder they test."""
    match = re.match(r"tests/unit/(\w+)/", path)
    return match.group(1) if match else path.split("/")[0]


def check_layers(sources):
    for source in sources:
        layer = layer_of(source.path)
        if layer not in BELOW:
            continue
        for line, name in source.includes():
            folder = name.strip('"').split("/")[0]
            if name.startswith('"') and folder in BELOW and folder not in (layer, *BELOW[layer]):
                yield source, line, f"{layer}/ may not include {name}"
            if name.startswith('"tests/') and not source.path.startswith("tests/"):
                yield source, line, f"{name} belongs to the tests"


KIND_FOLDERS = ("executors/kinds", "controllers/kinds", "market/venues", "persistence/stores")


def kind_of(path):
    """("market/venues", "paper") of market/venues/paper_book.c; None outside the kinds."""
    folder, _, name = path.rpartition("/")
    return (folder, name.split(".")[0].split("_")[0]) if folder in KIND_FOLDERS else None


def check_kinds_apart(sources):
    for source in sources:
        own = kind_of(source.path)
        for line, name in source.includes():
            other = kind_of(name.strip('"'))
            if own and other and own[0] == other[0] and own != other:
                yield source, line, f"a kind may not include another kind: {name}"


FOREIGN = re.compile(r"\b(paper_\w+|venue_kind\w*|store_kind\w*|sqlite\w*)\b")


def check_executors_name_nobody(sources):
    for source in sources:
        if layer_of(source.path) in ("executors", "controllers") and "tests" not in source.path:
            for match in FOREIGN.finditer(source.code):
                yield (source, source.line_of(match.start()),
                       f"an executor may not name a venue or a store: {match.group(0)}")
            for line, name in source.includes():
                if name.startswith('"market/venues/'):
                    yield source, line, f"an executor may not include a venue: {name}"


# ---- Includes: own header first, then system, then lower folders, all from the root.

def check_includes_from_root(sources):
    """Fixtures that stand beside the tests they serve may go by their bare name."""
    for source in sources:
        for line, name in source.includes():
            is_fixture = source.folder == "tests" and "/" not in name
            if name.startswith('"') and not is_fixture and ("/" not in name or ".." in name):
                yield source, line, f"write it from the root: {name}"


def check_own_header_first(sources):
    headers = {source.path for source in sources if source.path.endswith(".h")}
    for source in sources:
        own = source.path[:-2] + ".h"
        included = source.includes()
        if own in headers and source.path.endswith(".c"):
            if not included or included[0][1] != f'"{own}"':
                yield source, 1, f'the first include has to be "{own}"'


def check_system_before_own(sources):
    for source in sources:
        included = source.includes()
        if source.path.endswith(".c") and included and included[0][1].startswith('"'):
            included = included[1:]
        seen = None
        for line, name in included:
            if name.startswith("<") and seen:
                yield source, line, f"{name} after {seen}: system headers come first"
            if name.startswith('"'):
                seen = name


# ---- Words: what may be used only in named places.

Word = namedtuple("Word", "name pattern allowed reason")

# The places where threads meet. A sweep runs one whole deterministic system per worker; its two
# queues of jobs and results are the only thing these share.
SEAMS = ("actors/scheduler*", "actors/system*", "actors/link*", "actors/sweep_workers*")

WORDS = (
    Word("floating point", r"\b(double|float)\b",
         ("market/statistics*", "controllers/indicators*", "tests/*"),
         "money is struct decimal; only statistics and benches may be inexact"),
    Word("clocks", r"\b(clock_gettime|gettimeofday|clock|time|nng_clock)\s*\(",
         SEAMS + ("base/log.c", "app/*", "tests/*"),
         "time comes in as a parameter, so that a run can be repeated"),
    Word("waiting", r"\b(sleep|usleep|nanosleep|nng_msleep|sched_yield)\s*\(",
         SEAMS + ("app/*", "tests/*"),
         "an actor never sleeps"),
    Word("sleeping tests", r"\b(sleep|usleep|nanosleep|nng_msleep)\s*\(",
         ("[!t]*", "t[!e]*"),
         "a test waits for what it waits for, not for a time"),
    Word("random numbers", r"\b(rand|srand|rand_r|random|drand48|getrandom|getentropy|nng_random|"
         r"randombytes_\w+)\s*\(",
         ("app/*",),
         "random numbers come from a seed (base/prng.h)"),
    Word("threads", r"\b(pthread_create|thrd_create|nng_thread_create|fork)\s*\(",
         SEAMS + ("app/*", "tests/*"),
         "the scheduler starts threads; app has one for signals"),
    Word("locks and atomics", r"\b(pthread_\w+|_Atomic|__atomic_\w+|__sync_\w+|atomic_\w+|nng_mtx_\w+|"
         r"nng_cv_\w+)\b|<(stdatomic|pthread|threads)\.h>",
         SEAMS + ("mailbox/*", "actors/slots*", "actors/wheel*", "app/*", "tests/*"),
         "actors have no locks"),
    Word("files in the pure folders", r"\b(fopen|open|openat|read|write|fread|fwrite|mmap|unlink|socket)"
         r"\s*\(",
         ("base/log.c", "config/node*", "market/tape*", "market/feeds/*", "mailbox/*", "persistence/*",
          "actors/*", "app/*", "tests/*"),
         "decisions are pure: what they need comes in as parameters"),
    Word("stdout", r"\bstdout\b|\b(printf|puts|putchar)\s*\(",
         ("app/*", "tests/*"),
         "stdout is data and belongs to the program; others return or log"),
    Word("struct typedefs", r"\btypedef\s+(struct|union|enum)\b", (),
         "a struct is called struct"),
    Word("unbounded copies", r"\b(strcpy|strcat|sprintf|vsprintf|gets|alloca)\s*\(", ("tests/*",),
         "every buffer has a limit"),
    Word("locale and number parsers", r"\b(atoi|atol|atof|strtod|strtof|strtold|setlocale)\s*\(",
         ("market/statistics*",),
         "these guess; config and base read numbers exactly"),
)


def check_word(word):
    pattern = re.compile(word.pattern)

    def check(sources):
        for source in sources:
            if matches(source.path, word.allowed):
                continue
            for match in pattern.finditer(source.code):
                yield source, source.line_of(match.start()), f"{match.group(0)}: {word.reason}"

    return check


GUARD_LINE = re.compile(r"TUTTI_\w+_H\b")


def check_conditional_code(sources):
    """#if outside base/ only for header guards, and for __x86_64__ in the scheduler."""
    for source in sources:
        if source.folder == "base":
            continue
        for match in re.finditer(r"^[ \t]*#[ \t]*(if|ifdef|ifndef|elif)\b(.*)", source.code, re.M):
            is_guard = match[1] == "ifndef" and GUARD_LINE.search(match[2])
            is_pause = matches(source.path, SEAMS) and "__x86_64__" in match[2]
            if not is_guard and not is_pause:
                yield (source, source.line_of(match.start()),
                       f"conditional code belongs to base/: {match.group(0).strip()}")


# In two pieces, so that a search for them does not find this file.
UNFINISHED = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b|for n" r"ow\b", re.IGNORECASE)


def check_unfinished(sources):
    for source in sources:
        for match in UNFINISHED.finditer(source.text):
            yield source, source.line_of(match.start()), f"unfinished: {match.group(0)}"


MACHINE_PATH = re.compile(r"""["' (](/work/|/home/|/root/|/Users/)""")


def check_machine_paths(sources):
    for source in sources:
        for match in MACHINE_PATH.finditer(source.text):
            yield source, source.line_of(match.start()), f"a path of one machine: {match.group(1)}"
        if source.folder != "tests" and "../shared" in source.text:
            yield source, source.line_of(source.text.index("../shared")), "only tests read ../shared"


# ---- Shape: sizes that a reader can hold in his head.

FUNCTION_LINES_MAX = 70
FILE_LINES_MAX = 600
PARAMETERS_MAX = 5
EMPTY_NAMES = ("util", "utils", "misc", "common", "helper", "helpers", "stuff", "tools", "lib")


def check_function_lines(sources):
    for source in sources:
        for name, line, lines, _ in source.functions():
            if lines > FUNCTION_LINES_MAX:
                yield source, line, f"{name}() has {lines} lines, at most {FUNCTION_LINES_MAX}"


def check_file_lines(sources):
    for source in sources:
        lines = source.text.count("\n")
        if lines > FILE_LINES_MAX:
            yield source, lines, f"{lines} lines, at most {FILE_LINES_MAX}: split it by noun"


# Functions that a library calls back: it decides their parameters, and nobody here calls them.
CALLED_BACK = {"http_on_request": "MHD_AccessHandlerCallback",
               "session_on_upgrade": "MHD_UpgradeHandler"}


def arguments(found):
    """
    How many things a caller has to think of. A length belongs to the pointer before it, a context
    to the function before it, and what only carries results out (ret_, failure, problems) is no
    argument.
    """
    count = 0
    for i, parameter in enumerate(found):
        before = found[i - 1] if i > 0 else ""
        is_length = re.match(r"size_t (length|size|count|capacity)$", parameter) and "*" in before
        is_context = re.match(r"void \*context$", parameter) and "(*" in before
        is_result = re.search(r"\*\s*ret_\w+|^struct (failure|problems) \*", parameter)
        count += not (is_length or is_context or is_result)
    return count


def check_parameters(sources):
    """Members of structs (tables of functions) are exempt: only functions are looked at."""
    for source in sources:
        seen = {(name, line): found for name, line, _, found in source.functions()}
        if source.path.endswith(".h"):
            seen.update({(name, line): found for name, line, found in source.declarations()})
        for (name, line), found in sorted(seen.items(), key=lambda item: item[0][1]):
            if arguments(found) > PARAMETERS_MAX and name not in CALLED_BACK:
                yield (source, line, f"{name}() has {arguments(found)} parameters, "
                                     f"at most {PARAMETERS_MAX}: use a struct")


def check_file_names(sources):
    for source in sources:
        words = re.split(r"[/_.]", source.path)[:-1]
        for word in set(words) & set(EMPTY_NAMES):
            yield source, 1, f'"{word}" in the file name says nothing: name the noun'


# ---- Headers: purpose, threads, guard.

def check_header_purpose(sources):
    for source in sources:
        if source.path.endswith(".h") and not source.text.startswith(f"/*\n * {source.path} - "):
            yield source, 1, f'has to begin with "/*", then " * {source.path} - purpose"'


def check_header_threads(sources):
    for source in sources:
        if source.path.endswith(".h") and source.folder != "tests":
            if not re.search(r"^ \* Threads: \S", source.text.split("*/")[0], re.M):
                yield source, 1, 'the first comment has no line " * Threads: ..."'


def check_header_guard(sources):
    for source in sources:
        if source.path.endswith(".h"):
            guard = "TUTTI_" + re.sub(r"\W", "_", source.path).upper()
            expected = f"#ifndef {guard}\n#define {guard}\n"
            before = source.code.split("#ifndef")[0].strip()
            if expected not in source.text or before or not source.text.endswith("#endif\n"):
                yield source, 1, f"has no include guard {guard} around all of it"


# ---- Registries: one line per kind, none forgotten.

Registry = namedtuple("Registry", "header macro folder symbol")

REGISTRIES = (
    Registry("executors/registry.h", "EXECUTOR_KINDS", "executors/kinds", "executor_kind_"),
    Registry("persistence/store.h", "STORE_KINDS", "persistence/stores", "store_kind_"),
)


def check_registries(sources):
    by_path = {source.path: source for source in sources}
    for registry in REGISTRIES:
        header = by_path.get(registry.header)
        if header is None:
            continue
        block = re.search(rf"#define {registry.macro}\(X\)((?:[^\n]*\\\n)*[^\n]*)", header.code)
        if block is None:
            yield header, 1, f"has no list {registry.macro}(X)"
            continue
        line = header.line_of(block.start())
        registered = re.findall(r"\bX\((\w+)\)", block.group(1))
        if registered != sorted(registered):
            yield header, line, f"{registry.macro} is not sorted"
        files = {path[len(registry.folder) + 1:-2]: source for path, source in by_path.items()
                 if path.startswith(registry.folder + "/") and path.endswith(".c")}
        for name in registered:
            if name not in files:
                yield header, line, f"{name} is registered, {registry.folder}/{name}.c is absent"
        for name, source in files.items():
            if name not in registered:
                yield source, 1, f"not registered: add X({name}) to {registry.macro} in {registry.header}"
            elif f"{registry.symbol}{name}" not in source.code:
                yield source, 1, f"has to define {registry.symbol}{name}"


# ---- Tests: every public function is named in one.

def public_headers(sources):
    """Headers that another layer includes, and what these include; the others are internal."""
    headers = {source.path: source for source in sources if source.path.endswith(".h")}
    public = set()
    waiting = [name.strip('"') for source in sources if source.folder != "tests"
               for _, name in source.includes()
               if name.strip('"').split("/")[0] != source.folder]
    while waiting:
        path = waiting.pop()
        if path in headers and path not in public:
            public.add(path)
            waiting += [name.strip('"') for _, name in headers[path].includes()]
    return [headers[path] for path in sorted(public)]


def check_tested(sources):
    named = set()
    for source in sources:
        if source.folder == "tests":
            named.update(re.findall(r"\w+", source.code))
    for source in public_headers(sources):
        for name, line, _ in source.declarations():
            if name not in named:
                yield source, line, f"{name}() is named in no test"


# ---- The groups. One test script runs one group.

def file_rules(name, reason, check, bad, good):
    """A rule whose samples are single files: {path: text}."""
    return Rule(name, reason, check, [[sample] for sample in bad.items()],
                [[sample] for sample in good.items()])


def word_rule(name, bad, good):
    word = next(word for word in WORDS if word.name == name)
    return file_rules(name, word.reason, check_word(word), bad, good)


HEADER = "/*\n * base/a.h - a.\n *\n * Threads: any.\n */\n"
GUARDED = "#ifndef TUTTI_BASE_A_H\n#define TUTTI_BASE_A_H\nint a(void);\n#endif\n"
KINDS = "#define EXECUTOR_KINDS(X)  \\\n    X(dca)  \\\n    X(grid)\n"


def long_function(lines):
    return "static void a(void)\n{\n" + "    b();\n" * lines + "}\n"


LAYERS = [
    file_rules("layers", "a folder includes only folders below it", check_layers,
               bad={"base/a.c": '#include "market/order.h"\n',
                    "executors/a.c": '#include "persistence/store.h"\n',
                    "persistence/a.c": '#include "mailbox/message.h"\n',
                    "actors/a.c": '#include "app/command.h"\n',
                    "config/a.c": '#include "tests/support/fault.h"\n',
                    "tests/unit/base/test_a.c": '#include "config/field.h"\n'},
               good={"executors/a.c": '#include "market/order.h"\n#include "config/field.h"\n',
                     "actors/a.c": '#include "persistence/store.h"\n',
                     "base/a.c": '/*\n#include "market/order.h"\n*/\n',
                     "tests/unit/market/test_a.c": '#include "config/field.h"\n',
                     "tests/integration/test_a.c": '#include "app/command.h"\n'}),
    file_rules("kinds stay apart", "nothing goes sideways", check_kinds_apart,
               bad={"executors/kinds/a.c": '#include "executors/kinds/b.h"\n',
                    "persistence/stores/a.c": '#include "persistence/stores/b.h"\n'},
               good={"market/venues/paper_book.c": '#include "market/venues/paper_accounts.h"\n',
                     "actors/a.c": '#include "market/venues/paper.h"\n'}),
    file_rules("executors name nobody", "no executor names a venue or a store",
               check_executors_name_nobody,
               bad={"executors/a.c": "void a(void)\n{\n    paper_create();\n}\n",
                    "executors/kinds/a.c": '#include "market/venues/paper.h"\n'},
               good={"executors/a.c": "/* paper_create() */\n",
                     "tests/unit/executors/test_a.c": '#include "market/venues/paper.h"\n'}),
    file_rules("includes from the root", "a path that is the same everywhere",
               check_includes_from_root,
               bad={"base/a.c": '#include "a.h"\n', "config/a.c": '#include "../base/err.h"\n'},
               good={"base/a.c": '#include "base/a.h"\n#include <stdio.h>\n',
                     "tests/unit/base/test_a.c": '#include "samples.h"\n'}),
    Rule("own header first", "so that a header needs nothing in front of it",
         check_own_header_first,
         bad=[[("base/a.h", ""), ("base/a.c", '#include <stdio.h>\n#include "base/a.h"\n')],
              [("base/a.h", ""), ("base/a.c", "")]],
         good=[[("base/a.h", ""), ("base/a.c", '#include "base/a.h"\n#include <stdio.h>\n')],
               [("base/a_part.c", "#include <stdio.h>\n")]]),
    file_rules("system headers before own ones", "own header, system, lower folders",
               check_system_before_own,
               bad={"base/a.c": '#include "base/a.h"\n#include "base/b.h"\n#include <stdio.h>\n',
                    "base/a.h": '#include "base/b.h"\n#include <stdio.h>\n'},
               good={"base/a.c": '#include "base/a.h"\n#include <stdio.h>\n#include "base/b.h"\n'}),
]

WORD_RULES = [
    word_rule("floating point", {"executors/a.c": "static double price;\n"},
              {"executors/a.c": '/* double */ const char *a = "float";\n',
               "market/statistics.c": "double mean;\n"}),
    word_rule("clocks", {"market/a.c": "int64_t now = time(NULL);\n",
                         "executors/a.c": "clock_gettime(CLOCK_REALTIME, &now);\n"},
              {"market/a.c": "int64_t time_ns = wake_time(now);\n",
               "actors/scheduler_threaded.c": "clock_gettime(CLOCK_MONOTONIC, &now);\n"}),
    word_rule("waiting", {"actors/roles/a.c": "usleep(10);\n"}, {"app/a.c": "sleep(1);\n"}),
    word_rule("sleeping tests", {"tests/unit/base/test_a.c": "usleep(10);\n"},
              {"app/a.c": "sleep(1);\n", "tests/unit/base/test_a.c": "mailbox_sleep(box);\n"}),
    word_rule("random numbers", {"executors/a.c": "int a = rand();\n"},
              {"executors/a.c": "int a = prng_next(&random);\n"}),
    word_rule("threads", {"persistence/a.c": "pthread_create(&a, NULL, run, NULL);\n"},
              {"actors/scheduler_thread.c": "pthread_create(&a, NULL, run, NULL);\n"}),
    word_rule("locks and atomics", {"executors/a.c": "#include <stdatomic.h>\n",
                                    "market/a.c": "static _Atomic int a;\n",
                                    "actors/roles/a.c": "pthread_mutex_lock(&a);\n"},
              {"mailbox/a.c": "#include <stdatomic.h>\n"}),
    word_rule("files in the pure folders", {"executors/a.c": 'FILE *a = fopen("a", "r");\n'},
              {"persistence/a.c": 'int a = open("a", 0);\n', "executors/a.c": "book_open(a);\n"}),
    word_rule("stdout", {"config/a.c": 'printf("a");\n', "actors/a.c": "fflush(stdout);\n"},
              {"app/a.c": 'printf("a");\n', "base/err.h": "format(printf, text, first)\n",
               "config/a.c": "snprintf(a, 1, b);\n"}),
    word_rule("struct typedefs", {"base/a.h": "typedef struct a a;\n"},
              {"base/a.h": "typedef int a;\n"}),
    word_rule("unbounded copies", {"base/a.c": "strcpy(a, b);\n"}, {"base/a.c": "memcpy(a, b, 1);\n"}),
    word_rule("locale and number parsers", {"config/a.c": "int a = atoi(b);\n"},
              {"config/a.c": "decimal_parse(a, 1, &b);\n"}),
    file_rules("conditional code", "one source for all machines", check_conditional_code,
               bad={"market/a.c": "#ifdef __linux__\n", "actors/a.c": "#if 0\n",
                    "market/b.c": "#if defined(__x86_64__)\n"},
               good={"market/a.h": "#ifndef TUTTI_MARKET_A_H\n", "base/a.c": "#if defined(__x86_64__)\n",
                     "actors/scheduler_spin.c": "#if defined(__x86_64__)\n"}),
    file_rules("nothing unfinished", "what is in the repository is done", check_unfinished,
               bad={"base/a.c": "/* TO" "DO: later */\n", "base/b.c": "// FIX" "ME\n"},
               good={"base/a.c": "/* todos and xxxx */\n"}),
    file_rules("no path of one machine", "the source works anywhere", check_machine_paths,
               bad={"tests/a.c": 'open("/home/me/a")\n', "app/a.c": '"../shared/data"\n'},
               good={"tests/a.c": '"../shared/data"\n'}),
]

SHAPE = [
    file_rules("function length", "a function fits on a screen", check_function_lines,
               bad={"base/a.c": long_function(FUNCTION_LINES_MAX - 2)},
               good={"base/a.c": long_function(FUNCTION_LINES_MAX - 3)}),
    file_rules("file length", "a file has one noun", check_file_lines,
               bad={"base/a.c": "\n" * (FILE_LINES_MAX + 1)},
               good={"base/a.c": "\n" * FILE_LINES_MAX}),
    file_rules("parameters", "more than five belong into a struct", check_parameters,
               bad={"base/a.c": "int a(int b, int c, int d, int e, int f, int g)\n{\n}\n",
                    "base/a.h": "int a(int b, int c, int d,\n      int (*e)(int, int), int f, int g);\n"},
               good={"base/a.c": "int a(int b, int (*c)(int, int), int d, int e, int f)\n{\n}\n",
                     "base/a.h": "int a(int b, int c, int d, int e, const char *f, ...) F(1, 2);\n",
                     "base/b.h": "struct a {\n    int (*b)(int, int, int, int, int, int);\n};\n",
                     "base/c.h": "int a(int b, const void *c, size_t size, int d,\n"
                                 "      int (*e)(void *, int), void *context, int *ret_f,\n"
                                 "      struct failure *failure);\n"}),
    file_rules("file names", "a name says what is inside", check_file_names,
               bad={"base/util.c": "", "actors/common/a.c": "", "base/text_helpers.c": ""},
               good={"base/text.c": ""}),
]

HEADERS = [
    file_rules("purpose", "the first line says what it is for", check_header_purpose,
               bad={"base/a.h": "#ifndef A\n", "base/b.h": HEADER + GUARDED},
               good={"base/a.h": HEADER + GUARDED}),
    file_rules("threads", "who may call it from where", check_header_threads,
               bad={"base/a.h": "/*\n * base/a.h - a.\n */\n/* Threads: any. */\n"},
               good={"base/a.h": HEADER + GUARDED}),
    file_rules("guard", "a header may be included twice", check_header_guard,
               bad={"base/a.h": HEADER + "int a(void);\n", "base/b.h": HEADER + GUARDED,
                    "market/a.h": HEADER + GUARDED},
               good={"base/a.h": HEADER + GUARDED}),
]

REGISTRY_RULES = [
    Rule("registries are complete", "a kind that is not listed does not exist", check_registries,
         bad=[[("executors/registry.h", KINDS), ("executors/kinds/dca.c", "executor_kind_dca")],
              [("executors/registry.h", KINDS), ("executors/kinds/dca.c", "executor_kind_dca"),
               ("executors/kinds/grid.c", "executor_kind_grid"),
               ("executors/kinds/twap.c", "executor_kind_twap")],
              [("executors/registry.h", KINDS), ("executors/kinds/dca.c", "executor_kind_other"),
               ("executors/kinds/grid.c", "executor_kind_grid")],
              [("executors/registry.h", "#define EXECUTOR_KINDS(X) X(grid) X(dca)\n"),
               ("executors/kinds/dca.c", "executor_kind_dca"),
               ("executors/kinds/grid.c", "executor_kind_grid")],
              [("persistence/store.h", "int a;\n")]],
         good=[[("executors/registry.h", KINDS), ("executors/kinds/dca.c", "executor_kind_dca"),
                ("executors/kinds/grid.c", "executor_kind_grid")]]),
]

USER = ("app/main.c", '#include "base/a.h"\n')
TESTED = [
    Rule("every public function is tested", "what has no test has no proof", check_tested,
         bad=[[USER, ("base/a.h", "int a_do(int b);\n"),
               ("tests/unit/base/test_a.c", "/* a_do(1); */\n")],
              [USER, ("base/a.h", "static inline int b(void)\n{\n}\nint a_do(int b);\n"),
               ("tests/unit/base/test_a.c", "b();\n")],
              [USER, ("base/a.h", "__attribute__((cold)) void a_do(const char *b, ...) F(1, 2);\n")],
              [USER, ("base/a.h", '#include "base/b.h"\n'), ("base/b.h", "int b_do(void);\n")]],
         good=[[USER, ("base/a.h", "MUST_USE enum err a_do(int b,\n    int c);\n"
                                   "struct s {\n    int (*f)(int);\n};\n"),
                ("tests/unit/base/test_a.c", "x = a_do(1, 2);\n")],
               [("base/internal.h", "int a_do(int b);\n"), ("base/a.c", '#include "base/internal.h"\n')]]),
]
