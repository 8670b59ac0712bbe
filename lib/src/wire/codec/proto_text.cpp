// Prints the .proto file that describes what the protobuf codec writes.
#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <map>
#include <set>
#include <string>

#include "squall/wire/codec.hpp"
#include "wire/codec/proto_shape.hpp"
#include "wire/codec/scalars.hpp"

namespace squall::wire {
namespace {

class ProtoPrinter {
  public:
    explicit ProtoPrinter(std::string_view package) : package_(package) {}

    std::string print(const TypeDescription& root) {
        (void)message_of(root, root.name);
        while (!waiting_.empty()) {
            const Message message = waiting_.front();
            waiting_.pop_front();
            print_message(message);
        }
        std::string text = "// Printed by Squall from the C++ types: do not edit.\nsyntax = \"proto2\";\n";
        if (!package_.empty()) text += fmt::format("package {};\n", package_);
        return text + enums_ + messages_;
    }

  private:
    struct Message {
        std::string name;
        const TypeDescription* type;
    };

    // A name that nobody has yet.
    std::string unique(std::string_view wanted) {
        std::string name(wanted.empty() ? "Message" : wanted);
        for (int i = 2; names_.contains(name); ++i) name = fmt::format("{}_{}", wanted, i);
        names_.insert(name);
        return name;
    }
    [[nodiscard]] std::string full(std::string_view name) const {
        return package_.empty() ? fmt::format(".{}", name) : fmt::format(".{}.{}", package_, name);
    }

    // The message for a type, which is printed later if it was not yet. Structs have one each; what has no
    // name of its own has one wherever it stands.
    std::string message_of(const TypeDescription& type, std::string_view wanted) {
        const bool has_name = type.kind == Kind::structure;
        if (has_name)
            if (const auto found = known_.find(&type); found != known_.end()) return full(found->second);
        const std::string name = unique(has_name && !type.name.empty() ? type.name : wanted);
        if (has_name) known_.emplace(&type, name);
        waiting_.push_back({name, &type});
        return full(name);
    }
    std::string enum_of(const TypeDescription& type) {
        if (const auto found = known_.find(&type); found != known_.end()) return full(found->second);
        const std::string name = unique(type.name.empty() ? "Enum" : type.name);
        known_.emplace(&type, name);
        enums_ += fmt::format("\nenum {} {{\n", name);
        for (const Enumerator& each : type.enumerators)
            enums_ += fmt::format("  {}_{} = {};\n", name, each.name, static_cast<std::int64_t>(each.value));
        enums_ += "}\n";
        return full(name);
    }
    // Of one value; `wanted` names the message that a container gets around it.
    std::string type_of(const TypeDescription& type, const std::string& wanted) {
        if (is_proto_enum(type)) return enum_of(type);
        const auto scalar = proto_scalar(type);
        return scalar.empty() ? message_of(type, wanted) : std::string(scalar);
    }

    void print_message(const Message& message) {
        std::string text = fmt::format("\nmessage {} {{\n", message.name);
        const TypeDescription& type = *message.type;
        if (type.kind == Kind::structure) {
            for (std::size_t i = 0; i < type.fields.size(); ++i)
                text += field_text(*type.fields[i].type, type.fields[i].name, i + 1, message.name);
        } else if (type.kind == Kind::variant) {
            text += "  oneof choice {\n";
            for (std::size_t i = 0; i < type.alternatives.size(); ++i)
                text += fmt::format("    {} as_{} = {};\n",
                                    type_of(*type.alternatives[i], fmt::format("{}_{}", message.name, i)),
                                    alternative_name(type, i), i + 1);
            text += "  }\n";
        } else {
            text += field_text(type, "value", 1, message.name);
        }
        messages_ += text + "}\n";
    }

    std::string field_text(const TypeDescription& type, std::string_view name, std::size_t number,
                           const std::string& message) {
        const std::string wanted = fmt::format("{}_{}", message, name);
        switch (type.kind) {
            case Kind::optional:
                return fmt::format("  optional {} {} = {};\n", type_of(*type.element, wanted), name, number);
            case Kind::list:
            case Kind::array:
                return fmt::format("  repeated {} {} = {}{};\n", type_of(*type.element, wanted), name, number,
                                   is_packable(*type.element) ? " [packed = true]" : "");
            case Kind::map: {
                const std::string key(type.key->kind == Kind::enumeration ? "sint64"
                                                                          : proto_scalar(*type.key));
                return fmt::format("  map<{}, {}> {} = {};\n", key, type_of(*type.element, wanted), name,
                                   number);
            }
            default: return fmt::format("  optional {} {} = {};\n", type_of(type, wanted), name, number);
        }
    }

    std::string package_;
    std::set<std::string> names_;
    std::map<const TypeDescription*, std::string> known_;  // looked up in, never walked
    std::deque<Message> waiting_;
    std::string enums_;
    std::string messages_;
};

}  // namespace

Result<std::string> proto_text(const TypeDescription& type, std::string_view package) {
    if (type.kind != Kind::structure)
        return fail(ErrorCode::unsupported,
                    fmt::format("a .proto file begins with a struct; this is {}", to_string(type.kind)));
    return ProtoPrinter(package).print(type);
}

}  // namespace squall::wire
