// SPDX-License-Identifier: Apache-2.0
//
// Who made a change, or asked for a decision: what the audit trail says of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "tcb/base/json.h"

namespace thimble {

struct Author {
  Author() = default;
  // What is nobody's request: "configuration", "floors.url".
  Author(std::string the_source) : source(std::move(the_source)) {}  // NOLINT(google-explicit-constructor)
  Author(const char* the_source) : source(the_source) {}             // NOLINT(google-explicit-constructor)

  std::string source;                // empty: a client, of whom the rest is said
  std::string address;               // "192.0.2.1", "unix", "command line"
  std::string role;                  // by which it was let in; empty: anyone may
  std::string label;                 // of that [[role]]
  std::string certificate, token;    // where it has no label: the SHA-256, the beginning of the SHA-512
  std::optional<uint32_t> uid = {};  // of the socket's peer, or of the command itself
  std::string user;                  // its name, where it has one

  // In a few words, for the log: "ops (admin) from 192.0.2.1", "root from unix".
  std::string name() const;
  bool operator==(const Author&) const = default;
};

// {"source": "configuration"}; {"address": ..., "role": ..., "label": ...}: what there is.
void WriteAuthor(json::Writer& json, const Author& author);

// The name of a user of this host; empty: it has none.
std::string UserName(uint32_t uid);

}  // namespace thimble
