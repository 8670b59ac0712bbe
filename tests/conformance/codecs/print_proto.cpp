// Writes the .proto file of the test's structs: what protoc then compiles.
#include <cstdio>

#include "squall/wire/codec.hpp"
#include "unit/wire/codec_objects.hpp"

namespace squall::wire::test {

// So that one file has them all.
struct Objects {
    Everything everything;
    Nested nested;
    Player player;
    Entity entity;
};

}  // namespace squall::wire::test

int main(int argument_count, char** arguments) {
    if (argument_count != 2) return 2;
    const auto text = squall::wire::proto_text<squall::wire::test::Objects>("squall_test");
    if (!text) {
        std::fprintf(stderr, "%s\n", text.error().message.c_str());
        return 1;
    }
    std::FILE* file = std::fopen(arguments[1], "w");
    if (file == nullptr) return 1;
    std::fwrite(text->data(), 1, text->size(), file);
    return std::fclose(file) == 0 ? 0 : 1;
}
