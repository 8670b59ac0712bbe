// Our MessagePack against msgpack-cxx: the same objects give the same bytes, and each reads what the other
// wrote.
#include <gtest/gtest.h>

#include <cmath>
#include <msgpack.hpp>

#include "squall/wire/codec.hpp"
#include "unit/wire/codec_objects.hpp"

using namespace squall;
using namespace squall::wire;
using namespace squall::wire::test;

MSGPACK_ADD_ENUM(squall::wire::test::Weapon)
MSGPACK_ADD_ENUM(squall::wire::test::Flag)

// What MSGPACK_DEFINE would write into a class that may be changed: an array of the fields, in their order.
namespace {

template <class... F>
struct Fields {
    std::tuple<F&...> all;
    template <class Packer>
    void pack(Packer& packer) const {
        packer.pack_array(sizeof...(F));
        std::apply([&](const auto&... each) { (packer.pack(each), ...); }, all);
    }
    void convert(const msgpack::object& object) const {
        if (object.type != msgpack::type::ARRAY || object.via.array.size != sizeof...(F))
            throw msgpack::type_error();
        std::size_t i = 0;
        std::apply([&](auto&... each) { (object.via.array.ptr[i++].convert(each), ...); }, all);
    }
};
template <class... F>
auto fields(F&... each) {
    return Fields<F...>{std::tie(each...)};
}
auto fields_of(auto& o)
    requires std::same_as<std::remove_cvref_t<decltype(o)>, Player>
{
    return fields(o.x, o.z, o.ammo, o.health, o.armour, o.alive, o.user);
}
auto fields_of(auto& o)
    requires std::same_as<std::remove_cvref_t<decltype(o)>, Vec3>
{
    return fields(o.x, o.y, o.z);
}
auto fields_of(auto& o)
    requires std::same_as<std::remove_cvref_t<decltype(o)>, Shoot>
{
    return fields(o.weapon, o.target);
}
auto fields_of(auto& o)
    requires std::same_as<std::remove_cvref_t<decltype(o)>, Walk>
{
    return fields(o.speed);
}
auto fields_of(auto& o)
    requires std::same_as<std::remove_cvref_t<decltype(o)>, Everything>
{
    return fields(o.flag, o.tiny, o.huge, o.wide, o.exact, o.weapon, o.state, o.name, o.blob, o.clan, o.trail,
                  o.slots, o.scores, o.arms, o.action, o.target, o.maybe);
}
template <class T>
concept Listed = requires(T& o) { fields_of(o); };

}  // namespace

namespace msgpack {
MSGPACK_API_VERSION_NAMESPACE(MSGPACK_DEFAULT_API_NS) {
    namespace adaptor {

    template <Listed T>
    struct pack<T> {
        template <class Stream>
        packer<Stream>& operator()(packer<Stream>& out, const T& value) const {
            fields_of(value).pack(out);
            return out;
        }
    };
    template <Listed T>
    struct convert<T> {
        const msgpack::object& operator()(const msgpack::object& object, T& value) const {
            fields_of(value).convert(object);
            return object;
        }
    };
    template <>
    struct pack<Idle> {
        template <class Stream>
        packer<Stream>& operator()(packer<Stream>& out, const Idle&) const {
            return out.pack_array(0);
        }
    };
    // msgpack-cxx has no std::variant: ours is [number, content].
    template <>
    struct pack<std::variant<Idle, Walk, Shoot>> {
        template <class Stream>
        packer<Stream>& operator()(packer<Stream>& out, const std::variant<Idle, Walk, Shoot>& value) const {
            out.pack_array(2);
            out.pack(value.index());
            std::visit([&](const auto& content) { out.pack(content); }, value);
            return out;
        }
    };
    template <>
    struct convert<std::variant<Idle, Walk, Shoot>> {
        const msgpack::object& operator()(const msgpack::object& object,
                                          std::variant<Idle, Walk, Shoot>& value) const {
            const auto& content = object.via.array.ptr[1];
            switch (object.via.array.ptr[0].as<int>()) {
                case 0: value = Idle{}; break;
                case 1: value = content.as<Walk>(); break;
                default: value = content.as<Shoot>(); break;
            }
            return object;
        }
    };

    }  // namespace adaptor
}  // MSGPACK_API_VERSION_NAMESPACE
}  // namespace msgpack

namespace {

// msgpack-cxx packs -0.0 as the integer 0, and so loses its sign; we do not.
void without_minus_zero(Value value) {
    if (value.kind() == Kind::floating && value.as_floating() == 0) (void)value.set_floating(0);
    if (value.kind() == Kind::variant) without_minus_zero(value.alternative());
    if (value.kind() == Kind::optional || value.kind() == Kind::list || value.kind() == Kind::array ||
        value.kind() == Kind::structure)
        for (std::size_t i = 0; i < value.size(); ++i) without_minus_zero(value.at(i));
}

template <class T>
std::string packed_by_them(const T& object) {
    msgpack::sbuffer buffer;
    msgpack::pack(buffer, object);
    return {buffer.data(), buffer.size()};
}

template <class T>
void compare(int times) {
    Rng rng(13);
    std::vector<std::byte> ours;
    for (int i = 0; i < times; ++i) {
        T object{};
        RandomObject(rng).fill(view(object));
        without_minus_zero(view(object));
        ASSERT_TRUE(message_pack_codec().encode(object, ours));
        const std::string theirs = packed_by_them(object);
        ASSERT_EQ(as_text(ours), theirs);
        const auto unpacked = msgpack::unpack(reinterpret_cast<const char*>(ours.data()), ours.size());
        const T read_by_them = unpacked.get().template as<T>();
        ASSERT_TRUE(same(view(read_by_them), view(std::as_const(object))));
        T read_by_us{};
        const auto decoded = message_pack_codec().decode(as_bytes(theirs), read_by_us);
        ASSERT_TRUE(decoded) << decoded.error().message;
        ASSERT_TRUE(same(view(std::as_const(read_by_us)), view(std::as_const(object))));
    }
}

TEST(MessagePackConformance, PlayersAreByteIdentical) {
    compare<Player>(2000);
}
TEST(MessagePackConformance, EverythingIsByteIdentical) {
    compare<Everything>(2000);
}

TEST(MessagePackConformance, EveryWidthOfANumberIsByteIdentical) {
    std::vector<std::byte> ours;
    for (unsigned shift = 0; shift < 64; ++shift)
        for (const std::int64_t off : {-1, 0, 1}) {
            Everything object;
            object.huge = (std::uint64_t{1} << shift) + static_cast<std::uint64_t>(off);
            object.wide = -static_cast<std::int64_t>(std::uint64_t{1} << (shift % 63)) + off;
            object.exact = std::ldexp(1.0, static_cast<int>(shift)) + static_cast<double>(off) / 2;
            ASSERT_TRUE(message_pack_codec().encode(object, ours));
            ASSERT_EQ(as_text(ours), packed_by_them(object)) << shift;
        }
}

TEST(MessagePackConformance, NamedIsTheMapOfTheirsByName) {
    Player player{.x = 1.5F, .ammo = 3, .alive = true};
    std::vector<std::byte> ours;
    ASSERT_TRUE(message_pack_named_codec().encode(player, ours));
    msgpack::sbuffer buffer;
    msgpack::packer packer(buffer);
    packer.pack_map(7);
    packer.pack("x").pack(player.x).pack("z").pack(player.z).pack("ammo").pack(player.ammo);
    packer.pack("health").pack(player.health).pack("armour").pack(player.armour);
    packer.pack("alive").pack(player.alive).pack("user").pack(player.user);
    EXPECT_EQ(as_text(ours), std::string_view(buffer.data(), buffer.size()));
}

}  // namespace
