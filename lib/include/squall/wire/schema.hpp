// All of the schema of a plain struct: its table, its constraints, its bits, its text. See
// lib/src/wire/README.md.
#pragma once

#include "squall/wire/bit_codec.hpp"
#include "squall/wire/describe.hpp"
#include "squall/wire/schema_text.hpp"
#include "squall/wire/value.hpp"
