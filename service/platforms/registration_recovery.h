// SPDX-License-Identifier: Apache-2.0
//
// Store and journal of registrations compared at start: what one lacks the other gives back. The store holds how far the
// journal had come when it was last written, its mark. What the journal has behind the mark is newer than the store;
// up to it the store has all, and the journal makes good what the store lacks. What neither has is counted, and noted in
// a file that stays until an administrator removes it.
//
//   DATA/registrations.journal   registration_journal.h
//   DATA/registrations.lost      what was lost, a line a start
#pragma once

#include <memory>
#include <string>

#include "cache/registration_log.h"
#include "cache/store.h"
#include "service/platforms/registration_journal.h"
#include "tcb/base/time.h"

namespace thimble {

struct RecoveredRegistrations {
  std::unique_ptr<RegistrationJournal> journal;
  RegistrationFindings findings;
};
// Errors: store.io when store or journal can be read or written no more.
Result<RecoveredRegistrations> RecoverRegistrations(Store& store, const std::string& directory, Instant now);

}  // namespace thimble
