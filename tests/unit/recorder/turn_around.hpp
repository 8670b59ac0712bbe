// Rewrites a little-endian recording as a big-endian machine would have written it.
#pragma once

#include <algorithm>

#include "support/sample_recording.hpp"

namespace squall::recorder::testing {

inline std::vector<std::byte> turn_around(std::vector<std::byte> file) {
    const auto number = [&](std::size_t at, std::size_t size) {
        std::uint64_t value = 0;
        for (std::size_t i = 0; i < size; ++i)
            value |= std::to_integer<std::uint64_t>(file[at + i]) << (8 * i);
        return value;
    };
    const auto turn = [&](std::size_t at, std::size_t size) {
        std::reverse(file.begin() + static_cast<std::ptrdiff_t>(at),
                     file.begin() + static_cast<std::ptrdiff_t>(at + size));
    };
    const auto turn_options = [&](std::size_t at, std::size_t end, std::uint64_t type) {
        while (at + 4 <= end) {
            const auto code = number(at, 2);
            const auto size = static_cast<std::size_t>(number(at + 2, 2));
            turn(at, 2), turn(at + 2, 2);
            at += 4;
            if (code == 0) break;
            if (code == 2988 || code == 2989) turn(at, 4);
            if (type == 6 && code == 2) turn(at, 4);
            if ((type == 6 && code == 5) || type == 5) turn(at, 8);
            at += pcapng::padded(size);
        }
    };
    for (std::size_t at = 0; at < file.size();) {
        const auto type = number(at, 4);
        const auto size = static_cast<std::size_t>(number(at + 4, 4));
        const std::size_t end = at + size - 4;
        std::size_t body = at + 8;
        const auto fields = [&](std::initializer_list<std::size_t> sizes) {
            for (const std::size_t field : sizes) {
                turn(body, field);
                body += field;
            }
        };
        if (type == 0x0A0D0D0A) fields({4, 2, 2, 8});
        if (type == 1) fields({2, 2, 4});
        if (type == 5) fields({4, 4, 4});
        if (type == 6) {
            const auto captured = static_cast<std::size_t>(number(body + 12, 4));
            fields({4, 4, 4, 4, 4});
            body += pcapng::padded(captured);
        }
        if (type == 4) {
            for (;;) {
                const auto kind = number(body, 2);
                const auto length = static_cast<std::size_t>(number(body + 2, 2));
                fields({2, 2});
                if (kind == 0) break;
                body += pcapng::padded(length);
            }
        }
        turn_options(body, end, type);
        turn(at, 4), turn(at + 4, 4), turn(end, 4);
        at += size;
    }
    return file;
}

}  // namespace squall::recorder::testing
