// All of remotes: events, functions, properties, and the registry that they are declared with.
#pragma once

#include "squall/remotes/object_event.hpp"
#include "squall/remotes/registry.hpp"
#include "squall/remotes/remote_contract.hpp"
#include "squall/remotes/remote_event.hpp"
#include "squall/remotes/remote_function.hpp"
#include "squall/remotes/remote_property.hpp"
#include "squall/remotes/remote_table.hpp"
#include "squall/remotes/transaction.hpp"
