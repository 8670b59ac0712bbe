// All of remotes: events, functions, properties, and the registry that they are declared with.
#pragma once

#include "squall/remotes/registry.hpp"
#include "squall/remotes/remote_contract.hpp"
#include "squall/remotes/remote_event.hpp"
#include "squall/remotes/remote_function.hpp"
#include "squall/remotes/remote_property.hpp"
#include "squall/remotes/transaction.hpp"
