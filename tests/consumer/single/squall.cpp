// The one source file that holds Squall.
#define SQUALL_IMPLEMENTATION
#include "squall_single.hpp"
