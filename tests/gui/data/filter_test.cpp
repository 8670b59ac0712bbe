// The filter language: what it finds, and what it says where a text is wrong.
#include "gui/data/filter.hpp"

#include <gtest/gtest.h>

#include <map>

namespace squall::gui {
namespace {

const std::vector<FilterColumn> kColumns = {{"name", {}, false, Unit::none, ""},
                                            {"dir", {"d"}, false, Unit::none, ""},
                                            {"bytes", {"b"}, true, Unit::bytes_per_second, ""},
                                            {"rtt", {}, true, Unit::milliseconds, ""},
                                            {"loss", {}, true, Unit::percent, ""}};

struct Row final : FilterRow {
    std::string name;
    std::string dir;
    double bytes = 0;
    double rtt = 0;
    double loss = 0;
    Row(std::string n, std::string d, double b, double r = 0, double l = 0)
        : name(std::move(n)), dir(std::move(d)), bytes(b), rtt(r), loss(l) {}
    double number(std::size_t column) const override {
        return column == 2 ? bytes : column == 3 ? rtt : loss;
    }
    std::string_view text(std::size_t column) const override { return column == 0 ? name : dir; }
};

bool passes(const char* text, const Row& row) {
    const Filter filter = Filter::parse(text, kColumns);
    EXPECT_TRUE(filter.ok()) << text << ": " << filter.error().message;
    return filter.matches(row);
}
FilterError error_of(const char* text) {
    return Filter::parse(text, kColumns).error();
}

TEST(Filter, WordsSideBySideMustAllHold) {
    EXPECT_TRUE(passes("dir:in b>100", Row("move", "in", 101)));
    EXPECT_FALSE(passes("dir:in b>100", Row("move", "in", 100)));
    EXPECT_FALSE(passes("dir:in b>100", Row("move", "out", 500)));
    EXPECT_TRUE(passes("", Row("move", "out", 500)));
    EXPECT_TRUE(passes("  and  ", Row("move", "out", 500)));
}

TEST(Filter, BareWordLooksIntoTheNameWhateverItsCase) {
    EXPECT_TRUE(passes("MOV", Row("player.Move", "in", 0)));
    EXPECT_FALSE(passes("shoot", Row("player.Move", "in", 0)));
    EXPECT_TRUE(passes("\"two words\"", Row("has two words", "in", 0)));
    EXPECT_TRUE(passes("/^player\\.(move|jump)$/", Row("player.Move", "in", 0)));
    EXPECT_FALSE(passes("name=move", Row("player.Move", "in", 0)));
    EXPECT_TRUE(passes("name!=move", Row("player.Move", "in", 0)));
}

TEST(Filter, OrNotAndBrackets) {
    const Row move("move", "in", 50);
    EXPECT_TRUE(passes("shoot or move", move));
    EXPECT_TRUE(passes("(shoot or move) dir:in", move));
    EXPECT_FALSE(passes("(shoot or move) dir:out", move));
    EXPECT_TRUE(passes("shoot dir:in or b<60", move));
    EXPECT_FALSE(passes("not move", move));
    EXPECT_FALSE(passes("-move", move));
    EXPECT_TRUE(passes("!(dir:out move)", move));
    EXPECT_TRUE(passes("order", Row("order", "in", 0))) << "a word that begins like 'or' is not 'or'";
}

TEST(Filter, NumbersHaveUnits) {
    EXPECT_TRUE(passes("b>=1.5k", Row("", "", 1500)));
    EXPECT_FALSE(passes("b<2kib", Row("", "", 2048)));
    EXPECT_TRUE(passes("rtt>20ms rtt<1s", Row("", "", 0, 25)));
    EXPECT_TRUE(passes("rtt>500us", Row("", "", 0, 0.6)));
    EXPECT_TRUE(passes("loss!=0 loss<=2.5%", Row("", "", 0, 0, 2.5)));
    EXPECT_TRUE(passes("b=100", Row("", "", 100)));
    EXPECT_TRUE(passes("b:100", Row("", "", 100)));
}

TEST(Filter, ErrorsNameThePlaceAndWhatWouldBeRight) {
    EXPECT_EQ(error_of("dir:in byts>5").position, 7u);
    EXPECT_EQ(error_of("dir:in byts>5").length, 4u);
    EXPECT_EQ(error_of("byts>5").message, "there is no column 'byts'; did you mean 'bytes'?");
    EXPECT_EQ(error_of("colour:red").message,
              "there is no column 'colour'; there are: name, dir, bytes, rtt, loss");
    EXPECT_EQ(error_of("b>many").message,
              "'many' is not a number that bytes can be compared with; write one like 100, 1.5k or 2MB");
    EXPECT_EQ(error_of("b> 5").message, "'>' needs a value right after it");
    EXPECT_EQ(error_of("name>5").message, "'>' compares numbers, and name is a text; use ':' or '='");
    EXPECT_EQ(error_of("(a or b").message, "this bracket is not closed");
    EXPECT_EQ(error_of("a)").message, "a closing bracket without an opening one");
    EXPECT_EQ(error_of("/a").message, "this / is not closed");
    EXPECT_EQ(error_of("or a").message, "'or' stands between two conditions; one of them is missing");
    EXPECT_EQ(error_of("a or").message, "'or' stands between two conditions; one of them is missing");
    EXPECT_NE(error_of("/(/").message.find("regular expression is not valid"), std::string::npos);
    EXPECT_EQ(error_of("not").message, "'not' needs a condition after it");
    EXPECT_NE(error_of(std::string(100, '(').c_str()).message.find("brackets"), std::string::npos);
}

TEST(Filter, WrongFilterLetsEverythingPass) {
    EXPECT_TRUE(Filter::parse("nothing>", kColumns).matches(Row("move", "in", 0)));
}

TEST(Filter, AnyTextIsParsedOrRefused) {
    // Every short text over the letters that mean something: never a crash, and an error lies inside the
    // text.
    const std::string letters = "b:>=!-(\"/ o1)";
    std::vector<std::size_t> digits(5, 0);
    for (std::size_t n = 0; n < 371'293; n += 7) {
        std::string text;
        for (std::size_t rest = n, i = 0; i < 5; ++i, rest /= letters.size())
            text += letters[rest % letters.size()];
        const Filter filter = Filter::parse(text, kColumns);
        (void)filter.matches(Row("move", "in", 1));
        if (!filter.ok()) {
            EXPECT_LE(filter.error().position, text.size()) << text;
        }
    }
}

}  // namespace
}  // namespace squall::gui
