// SPDX-License-Identifier: Apache-2.0
//
// The second place of registrations: what changes in the registry is written there before it goes into the store, and
// at start the two are compared (service/platforms/registration_recovery.h). Here is what the registry asks of it.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cache/store.h"

namespace thimble {

// Where the store keeps registrations. What a look-up alone has brought lies elsewhere, and is in no journal.
inline constexpr std::array<std::string_view, 2> kRegistrationPrefixes = {"registry/platform/",
                                                                          "registry/queue/"};

// One change at a time: whoever appends holds the lock of the registry.
class RegistrationLog {
 public:
  virtual ~RegistrationLog() = default;
  // Durable when it returns. What it gives has to be written into the store in the same batch: how far the journal had
  // come. Errors (store.io) leave the log as it was.
  virtual Result<Store::Write> Append(const std::vector<Store::Write>& changes) = 0;
  // The store did not take the last ones.
  virtual void Undo() = 0;
  // Writes the log anew without what is outdated when it has grown; then there is something to write into the store.
  virtual std::optional<Store::Write> Compact() = 0;
};

// What came of the comparison at start.
struct RegistrationFindings {
  uint64_t finished =
      0;  // changes that the journal had and the store did not have yet: a write that was cut short
  uint64_t to_store = 0;       // entries that the store had lost, given back by the journal
  uint64_t to_journal = 0;     // and the other way round
  uint64_t damaged_lines = 0;  // of the journal
  uint64_t lost = 0;           // of these, what neither has: changes of one platform each
  bool journal_missing = false;
  std::vector<std::string> given_back;         // of which platforms: the first so many
  std::vector<std::string> from_journal = {};  // the platforms of all records that the store was given
  std::string earlier_losses = {};             // what registrations.lost says of former starts
  std::string losses_file = {};                // where it is
};

}  // namespace thimble
