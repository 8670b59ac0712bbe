// The histogram's layout, arithmetic and text forms. Debian's Java HdrHistogram reads the log where it is
// installed.
#include "squall/trace/histogram.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <vector>

#include "squall/core/rng.hpp"
#include "squall/trace/histogram_log.hpp"
#include "trace/base64.hpp"

namespace squall::trace {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

// A spread like latencies': mostly small, some a thousand times larger.
std::vector<std::uint64_t> spread_values(std::uint64_t seed, std::size_t count) {
    Rng rng(seed);
    std::vector<std::uint64_t> out;
    for (std::size_t i = 0; i < count; ++i) {
        const std::uint64_t scale = std::uint64_t{1} << rng.below(30);
        out.push_back(scale + rng.below(scale));
    }
    return out;
}

std::uint64_t exact_percentile(std::vector<std::uint64_t> values, Ratio share) {
    std::sort(values.begin(), values.end());
    const auto rank = (values.size() * share.numerator + share.denominator - 1) / share.denominator;
    return values[std::max<std::size_t>(rank, 1) - 1];
}

TEST(Histogram, HasTheBucketLayoutOfHdrHistogram) {
    // Numbers of HdrHistogram for (1, 3600000000, 3): 2048 sub-buckets, 22 buckets, 23 * 1024 counts.
    const Histogram histogram({3'600'000'000, 3});
    EXPECT_EQ(histogram.counts().size(), 23U * 1024);
    EXPECT_EQ(histogram.index_of(0), 0U);
    EXPECT_EQ(histogram.index_of(2047), 2047U);
    EXPECT_EQ(histogram.index_of(2048), 2048U);
    EXPECT_EQ(histogram.index_of(2049), 2048U);
    EXPECT_EQ(histogram.index_of(4096), 3072U);
    EXPECT_EQ(histogram.lowest_at(2048), 2048U);
    EXPECT_EQ(histogram.highest_at(2048), 2049U);
    EXPECT_EQ(histogram.highest_at(3072), 4099U);
}

TEST(Histogram, EveryIndexHoldsExactlyItsRange) {
    for (const unsigned digits : {1U, 2U, 3U}) {
        const Histogram histogram({10'000'000, digits});
        for (std::size_t i = 0; i + 1 < histogram.counts().size(); ++i) {
            ASSERT_EQ(histogram.index_of(histogram.lowest_at(i)), i);
            ASSERT_EQ(histogram.index_of(histogram.highest_at(i)), i);
            ASSERT_EQ(histogram.lowest_at(i + 1), histogram.highest_at(i) + 1);
        }
    }
}

TEST(Histogram, PercentilesAreWithinTheirPrecision) {
    const auto values = spread_values(1, 20'000);
    for (const unsigned digits : {2U, 3U}) {
        Histogram histogram({100'000'000'000, digits});
        for (const auto value : values) histogram.record(value);
        const std::uint64_t precision = digits == 2 ? 100 : 1000;
        for (const Ratio share :
             {percent(1), percent(50), percent(90), percent(99), per_million(999'000), percent(100)}) {
            const auto exact = exact_percentile(values, share);
            const auto got = histogram.value_at_percentile(share);
            EXPECT_GE(got, exact);
            EXPECT_LE(got - exact, exact / precision);
        }
    }
}

TEST(Histogram, MinMaxMeanAndCountAreExact) {
    Histogram histogram;
    EXPECT_EQ(histogram.min(), 0U);
    EXPECT_EQ(histogram.max(), 0U);
    EXPECT_EQ(histogram.mean(), 0U);
    EXPECT_EQ(histogram.value_at_percentile(percent(50)), 0U);
    histogram.record(1'234'567);
    histogram.record(7'654'321, 2);
    EXPECT_EQ(histogram.count(), 3U);
    EXPECT_EQ(histogram.min(), 1'234'567U);
    EXPECT_EQ(histogram.max(), 7'654'321U);
    EXPECT_EQ(histogram.mean(), (1'234'567U + 2 * 7'654'321U) / 3);
    EXPECT_EQ(histogram.value_at_percentile(percent(100)), 7'654'321U);
    EXPECT_EQ(histogram.count_above(5'000'000), 2U);
    EXPECT_EQ(histogram.count_above(7'654'321), 0U);
}

TEST(Histogram, ValuesBeyondTheRangeAreClampedAndCounted) {
    Histogram histogram({1000, 2});
    histogram.record(5000);
    histogram.record(Duration{-5});
    EXPECT_EQ(histogram.max(), 1000U);
    EXPECT_EQ(histogram.min(), 0U);
    EXPECT_EQ(histogram.clamped_count(), 1U);
    EXPECT_EQ(histogram.count(), 2U);
}

TEST(Histogram, MergingIsTheSameAsRecordingEverythingInOne) {
    const auto a = spread_values(2, 3000);
    const auto b = spread_values(3, 3000);
    Histogram all, left, right;
    for (const auto v : a) all.record(v), left.record(v);
    for (const auto v : b) all.record(v), right.record(v);
    ASSERT_TRUE(left.merge(right));
    EXPECT_EQ(left.counts(), all.counts());
    EXPECT_EQ(left.count(), all.count());
    EXPECT_EQ(left.mean(), all.mean());
    EXPECT_EQ(left.min(), all.min());
    EXPECT_EQ(left.max(), all.max());
}

TEST(Histogram, MergingAcrossPrecisionsOrBeyondTheRangeIsRefused) {
    Histogram fine({1000, 3}), coarse({1000, 2}), wide({100'000, 3});
    wide.record(50'000);
    const auto precision = fine.merge(coarse);
    ASSERT_FALSE(precision);
    EXPECT_THAT(precision.error().message, HasSubstr("significant digits"));
    const auto range = fine.merge(wide);
    ASSERT_FALSE(range);
    EXPECT_EQ(range.error().code, ErrorCode::too_large);
    EXPECT_TRUE(fine.empty());
}

TEST(Histogram, ClearForgetsEverything) {
    Histogram histogram;
    histogram.record(77);
    histogram.record(123'456);
    histogram.clear();
    EXPECT_TRUE(histogram.empty());
    EXPECT_EQ(histogram.counts(), Histogram().counts());
    histogram.record(5);
    EXPECT_EQ(histogram.min(), 5U);
    EXPECT_EQ(histogram.max(), 5U);
}

TEST(HistogramLog, EncodingRoundTrips) {
    for (const unsigned digits : {1U, 2U, 3U}) {
        Histogram histogram({100'000'000'000, digits});
        for (const auto value : spread_values(4, 5000)) histogram.record(value);
        histogram.record(9, 1'000'000'000'000'000);  // a count of several LEB128 bytes
        const auto text = encode_histogram(histogram);
        EXPECT_THAT(text, StartsWith("HISTFAAA"));
        const auto back = decode_histogram(text);
        ASSERT_TRUE(back) << back.error().message;
        EXPECT_EQ(back->counts(), histogram.counts());
        EXPECT_EQ(back->config(), histogram.config());
    }
}

TEST(HistogramLog, AnEmptyHistogramRoundTrips) {
    const auto back = decode_histogram(encode_histogram(Histogram()));
    ASSERT_TRUE(back) << back.error().message;
    EXPECT_TRUE(back->empty());
}

TEST(HistogramLog, BrokenEncodingsAreRefused) {
    Histogram histogram;
    for (const auto value : spread_values(5, 500)) histogram.record(value);
    const auto text = encode_histogram(histogram);
    EXPECT_FALSE(decode_histogram(""));
    EXPECT_FALSE(decode_histogram("AAAA"));
    EXPECT_FALSE(decode_histogram("not base64 at all!!!"));
    for (std::size_t cut = 4; cut < text.size(); cut += 4)
        EXPECT_FALSE(decode_histogram(text.substr(0, cut)));
    Rng rng(6);
    for (int i = 0; i < 2000; ++i) {
        auto bytes = *base64_decode(text);
        bytes[rng.below(bytes.size())] ^= static_cast<std::byte>(1 + rng.below(255));
        (void)decode_histogram(base64_encode(bytes));  // must not crash; zlib's checksum refuses nearly all
    }
}

TEST(Base64, MatchesTheVectorsOfRfc4648) {
    const std::pair<std::string_view, std::string_view> cases[] = {{"", ""},
                                                                   {"f", "Zg=="},
                                                                   {"fo", "Zm8="},
                                                                   {"foo", "Zm9v"},
                                                                   {"foob", "Zm9vYg=="},
                                                                   {"fooba", "Zm9vYmE="},
                                                                   {"foobar", "Zm9vYmFy"}};
    for (const auto& [plain, coded] : cases) {
        EXPECT_EQ(base64_encode(as_bytes(plain)), coded);
        const auto back = base64_decode(coded);
        ASSERT_TRUE(back);
        EXPECT_EQ(as_text(*back), plain);
    }
    EXPECT_FALSE(base64_decode("Zg="));
    EXPECT_FALSE(base64_decode("Zh=="));
    EXPECT_FALSE(base64_decode("Z==="));
    EXPECT_FALSE(base64_decode("Zg==Zg=="));
}

TEST(HistogramLog, HeaderAndLinesFollowTheLogFormat) {
    Histogram histogram;
    histogram.record(std::chrono::milliseconds(25));
    const auto header = histogram_log_header("squall", UnixSeconds{1'441'812'279});
    EXPECT_EQ(header,
              "#[squall]\n#[Histogram log format version 1.3]\n"
              "#[StartTime: 1441812279.000 (seconds since epoch), Wed Sep 09 15:24:39 UTC 2015]\n"
              "\"StartTimestamp\",\"Interval_Length\",\"Interval_Max\",\"Interval_Compressed_Histogram\"\n");
    const auto line =
        histogram_log_line("rtt, all", std::chrono::milliseconds(1500), std::chrono::seconds(1), histogram);
    EXPECT_THAT(line, StartsWith("Tag=rtt__all,1.500,1.000,25.000,HISTFAAA"));
    EXPECT_EQ(line.back(), '\n');
}

std::string find_java_decoder() {
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator("/usr/share/java", ignored)) {
        auto name = entry.path().filename().string();
        std::transform(name.begin(), name.end(), name.begin(),
                       [](char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; });
        if (name.starts_with("hdrhistogram") && name.ends_with(".jar")) return entry.path().string();
    }
    return {};
}

std::string output_of(const std::string& command) {
    std::string out;
    if (FILE* pipe = popen(command.c_str(), "r")) {
        char buffer[4096];
        for (std::size_t n; (n = fread(buffer, 1, sizeof buffer, pipe)) > 0;) out.append(buffer, n);
        pclose(pipe);
    }
    return out;
}

// The independent decoder: it must find the same count, maximum and percentiles in our log.
TEST(HistogramLog, DebiansJavaToolReadsIt) {
    const auto jar = find_java_decoder();
    if (jar.empty() || std::system("java -version >/dev/null 2>&1") != 0)
        GTEST_SKIP() << "java or libhdrhistogram-java is not installed";
    Histogram all;
    const auto path =
        std::filesystem::temp_directory_path() / fmt::format("squall-histogram-{}.hlog", getpid());
    {
        std::ofstream file(path);
        file << histogram_log_header("two intervals of one tag", UnixSeconds{1'700'000'000});
        for (const std::uint64_t seed : {7, 8}) {
            Histogram interval;
            for (const auto value : spread_values(seed, 4000)) interval.record(value), all.record(value);
            file << histogram_log_line("rtt", std::chrono::seconds(seed - 7), std::chrono::seconds(1),
                                       interval);
        }
    }
    const auto out =
        output_of("java -cp " + jar + " org.HdrHistogram.HistogramLogProcessor -i " + path.string() +
                  " -tag rtt -outputValueUnitRatio 1 -percentilesOutputTicksPerHalf 5 2>&1");
    std::filesystem::remove(path);
    EXPECT_THAT(out, HasSubstr(fmt::format("Total count    = {:12}", all.count())));
    EXPECT_THAT(
        out, HasSubstr(fmt::format("{:.3f} 0.500000000000", double(all.value_at_percentile(percent(50))))));
    EXPECT_THAT(
        out, HasSubstr(fmt::format("{:.3f} 0.900000000000", double(all.value_at_percentile(percent(90))))));
}

}  // namespace
}  // namespace squall::trace
