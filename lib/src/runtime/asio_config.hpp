// How asio is built here: standalone, nothing deprecated. To be included before any header of asio, in .cpp
// files only.
#pragma once

#ifndef ASIO_STANDALONE
#define ASIO_STANDALONE
#endif
#ifndef ASIO_NO_DEPRECATED
#define ASIO_NO_DEPRECATED
#endif
