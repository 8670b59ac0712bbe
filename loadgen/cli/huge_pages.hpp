// Asks the heap for huge pages. Thousands of clients touch a few kilobytes each, one after the other: with
// pages of 4 KiB the processor spends 3 to 9 % of an arena run on translating addresses.
#pragma once

namespace squall::loadgen {

// glibc reads the setting (GLIBC_TUNABLES=glibc.malloc.hugetlb=1, since 2.35) only when a program starts: so
// this starts the program once more with it, and child processes inherit it. Does nothing if
// the variable is set already, to whatever value, or if starting again fails.
void use_huge_pages(char** argv);

}  // namespace squall::loadgen
