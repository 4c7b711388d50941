// SPDX-License-Identifier: Apache-2.0
//
// The store of a configuration, opened and watched, with the journal of registrations beside it.
#pragma once

#include <memory>

#include "cache/registration_log.h"
#include "cache/watched_store.h"
#include "service/config/config.h"
#include "service/platforms/registration_journal.h"

namespace thimble {

enum class Storage : uint8_t {
  kDisk,      // made when it is not there
  kExisting,  // on disk, and there
  kReadOnly,  // the same, and left as it is: what is written stays in memory
  kMemory,
};

struct OpenedStore {
  std::shared_ptr<WatchedStore> store;
  std::unique_ptr<RegistrationJournal> journal;  // null for what is not written to a disk
  RegistrationFindings found;
};
// Errors: request.invalid for a store that has to be there and is not; store.io when it cannot be opened; store.corrupt,
// naming the file, when it is damaged. What was mended is logged.
Result<OpenedStore> OpenStore(const Config& config, Storage storage);

}  // namespace thimble
