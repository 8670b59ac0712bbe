"""For each rule: what it must catch, and what looks alike and is right. (path, text, line of the finding or None)."""

HEAD = "// Says what it is.\n"

SAMPLES = {
    "order": [
        ("lib/src/core/a.cpp", HEAD + '#include "squall/trace/event.hpp"\n', 2),
        ("lib/include/squall/wire/a.hpp", HEAD + "#pragma once\n#include <squall/transport/endpoint.hpp>\n", 3),
        ("lib/src/runtime/a.cpp", HEAD + '#include "transport/secure/packet.hpp"\n', 2),
        ("lib/src/recorder/a.cpp", HEAD + '#include "squall/transport/endpoint.hpp"\n', 2),
        ("simulator/src/a.cpp", HEAD + '#include "squall/loadgen/a.hpp"\n', 2),
        ("gui/a.cpp", HEAD + '#include "squall/transport/endpoint.hpp"\n', 2),
        ("lib/src/transport/a.cpp", HEAD + '#include "squall/core/time.hpp"\n#include "transport/secure/packet.hpp"\n', None),
        ("lib/src/core/a.cpp", HEAD + '// #include "squall/trace/event.hpp"\n', None),
        ("tests/unit/core/a_test.cpp", HEAD + '#include "squall/transport/endpoint.hpp"\n', None),
    ],
    "clock": [
        ("lib/src/transport/a.cpp", HEAD + "auto t = Clock::now();\n", 2),
        ("lib/src/runtime/a.cpp", HEAD + "std::chrono::steady_clock::time_point t;\n", 2),
        ("simulator/src/a.cpp", HEAD + "\nauto t = std::chrono::system_clock::now ();\n", 3),
        ("tests/unit/core/a_test.cpp", HEAD + "clock_gettime(CLOCK_MONOTONIC, &t);\n", 2),
        ("lib/src/runtime/asio_host.cpp", HEAD + "auto t = std::chrono::steady_clock::now();\n", None),
        ("lib/src/transport/a.cpp", HEAD + "// Not Clock::now().\nauto t = host.now(); log(\"::now()\");\n", None),
    ],
    "random": [
        ("lib/src/core/a.cpp", HEAD + "std::random_device device;\n", 2),
        ("loadgen/a.cpp", HEAD + "int x = rand();\n", 2),
        ("loadgen/a.cpp", HEAD + "std::uniform_int_distribution<int> d(1, 6);\n", 2),
        ("tests/unit/core/a_test.cpp", HEAD + "std::mt19937 g;\n", 2),
        ("loadgen/a.cpp", HEAD + "int x = operand(1); y = rng.rand(2);\n", None),
    ],
    "thread": [
        ("lib/src/transport/a.cpp", HEAD + "std::thread t;\n", 2),
        ("simulator/src/a.cpp", HEAD + "#include <mutex>\n", 2),
        ("lib/src/runtime/a.cpp", HEAD + "std::thread t;\n", None),
    ],
    "sleep": [
        ("tests/unit/core/a_test.cpp", HEAD + "std::this_thread::sleep_for(1s);\n", 2),
        ("lib/src/runtime/a.cpp", HEAD + "usleep(10);\n", 2),
        ("lib/src/runtime/a.cpp", HEAD + "void Poller::sleep(Duration d);\n", None),
    ],
    "environment": [
        ("lib/src/core/a.cpp", HEAD + 'auto* home = std::getenv("HOME");\n', 2),
        ("loadgen/a.cpp", HEAD + 'auto* columns = std::getenv("COLUMNS");\n', None),
    ],
    "socket": [
        ("lib/src/transport/a.cpp", HEAD + "#include <sys/socket.h>\n", 2),
        ("lib/src/core/a.cpp", HEAD + "#include <arpa/inet.h>\n", 2),
        ("lib/src/wire/a.cpp", HEAD + "#include <asio.hpp>\n", 2),
        ("lib/src/trace/a.cpp", HEAD + "#include <fstream>\n", 2),
        ("lib/src/runtime/a.cpp", HEAD + "#include <sys/socket.h>\n", None),
        ("lib/src/core/address.cpp", HEAD + "#include <arpa/inet.h>\n", None),
    ],
    "asio": [
        ("loadgen/a.cpp", HEAD + "#include <asio/ip/udp.hpp>\n", 2),
        ("lib/src/runtime/a.cpp", HEAD + "#include <asio/ip/udp.hpp>\n", None),
    ],
    "ownership": [
        ("lib/include/squall/core/a.hpp", HEAD + "#pragma once\nstd::shared_ptr<int> p;\n", 3),
        ("simulator/src/a.cpp", HEAD + "auto p = std::make_shared<int>(1);\n", 2),
        ("lib/src/core/a.cpp", HEAD + "// shared_ptr is banned\n/* std::shared_ptr */\nauto s = R\"(shared_ptr)\";\n", None),
    ],
    "using": [
        ("lib/src/core/a.cpp", HEAD + "using namespace std;\n", 2),
        ("tests/unit/core/a.hpp", HEAD + "#pragma once\nusing namespace squall;\n", 3),
        ("tests/unit/core/a_test.cpp", HEAD + "using namespace squall;\n", None),
        ("tests/unit/core/a_test.cpp", HEAD + "using namespace std::chrono_literals;\n", None),
    ],
    "names": [
        ("lib/include/squall/core/a.hpp", HEAD + "#pragma once\nclass SessionManager {};\n", 3),
        ("loadgen/a.hpp", HEAD + "#pragma once\nstruct PimplImpl;\n", 3),
        ("lib/include/squall/core/a.hpp", HEAD + "#pragma once\nclass Database {};\n", None),
    ],
    "first comment": [
        ("lib/src/core/a.cpp", '#include "squall/core/b.hpp"\n', 1),
        ("lib/include/squall/core/a.hpp", "#pragma once\n", 1),
        ("lib/src/core/a.cpp", HEAD, None),
        ("lib/src/core/a.cpp", '#include "squall/core/a.hpp"\n', None),
    ],
    "pragma once": [
        ("lib/include/squall/core/a.hpp", HEAD + "#ifndef A_HPP\n#define A_HPP\n#endif\n", 1),
        ("lib/include/squall/core/a.hpp", HEAD + "#pragma once\n", None),
    ],
    "size": [
        ("lib/src/core/a.cpp", HEAD + "int x;\n" * 601, 1),
        ("lib/src/core/a.cpp", HEAD + "int x;\n" * 600 + "// a comment\n\n" * 300, None),
    ],
    "unordered iteration": [
        ("lib/src/core/a.cpp", HEAD + "std::unordered_map<int, int> table_;\nfor (auto& [k, v] : table_) use(k, v);\n", 3),
        ("simulator/src/a.cpp", HEAD + "std::unordered_set<int> seen;\nauto i = seen.begin();\n", 3),
        ("lib/src/core/a.cpp", HEAD + "std::unordered_map<int, int> table_;\nauto i = table_.find(3);\n", None),
        ("lib/src/core/a.cpp", HEAD + "std::map<int, int> table_;\nfor (auto& [k, v] : table_) use(k, v);\n", None),
    ],
    "unfinished": [
        ("lib/src/core/a.cpp", HEAD + "// TODO: think\n", 2),
        ("README.md", "# A\n\nFIXME\n", 3),
        ("lib/src/core/a.cpp", HEAD + "int todo_count;\n", None),
    ],
    "machine path": [
        ("README.md", "see /home/somebody/x\n", 1),
        ("tests/a.cmake", "set(x\n    /tmp/build-mine)\n", 2),
        ("README.md", "see https://example.org/home/page and build/tmp/x and ${dir}/tmp/y\n", None),
    ],
    "fast math": [
        ("lib/CMakeLists.txt", "add_compile_options(-ffast-math)\n", 1),
        ("lib/CMakeLists.txt", "# never -ffast-math\nadd_compile_options(-ffp-contract=off)\n", None),
    ],
}

# Paths of a repository, and the names that do not belong at its top.
TOP_LEVEL_SAMPLES = [
    (["lib/src/core/a.cpp", "README.md", ".clang-format", ".ci/run"], []),
    (["src/a.cpp", "Makefile", "lib/a"], ["Makefile", "src"]),
]

# Documents and examples of a repository, and (path, line) of what is wrong in them.
DOCUMENT_SAMPLES = [
    ({"README.md": "[a](lib/a.md) [b](lib) [c](https://example.org) [d](#d)\n", "lib/a.md": "[up](../README.md#x)\n"}, []),
    ({"README.md": "\n[gone](lib/gone.md)\n"}, [("README.md", 2)]),
    ({"README.md": "```cpp\n  int x;\n```\n", "lib/examples/a.cpp": "void f() {\n  int x;\n}\n"}, []),
    ({"lib/FEATURES.md": "| F1 | a | A.Works; `Suite.Name` |\n| F2 | b | A.Gone, [A.md](../A.md) |\n", "A.md": "", "tests/unit/a_test.cpp": "TEST(A, Works) {}\n"}, [("lib/FEATURES.md", 2)]),
    ({"README.md": "text\n```cpp\nint y;\n```\n", "lib/examples/a.cpp": "int x;\n"}, [("README.md", 2)]),
    ({"lib/src/wire/README.md": "```cpp\nf(1,\n  2);\n```\n", "lib/examples/a.cpp": "void g() {\n    f(1, 2);\n}\n"}, []),
    ({"lib/src/wire/README.md": "```cpp\nf(1, 2);\n```\n\n```c++\nf(1, ...);\n```\n", "lib/examples/a.cpp": "f(1, 2);\n", "tests/a.cpp": "f(1, ...);\n"}, [("lib/src/wire/README.md", 5)]),
    ({"tests/bench/README.md": "```cpp\nint y;\n```\n"}, []),
]
