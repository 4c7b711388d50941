// SPDX-License-Identifier: Apache-2.0
//
// What an attempt at several places in turn has to say when none had it.
#pragma once

#include <optional>

#include "fetchers/vendor_answer.h"
#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble {

// A failure outweighs "not found": a place that did not answer might have had it.
class Failures {
 public:
  void Add(const Error& error) {
    if (error.check == Check::kUpstreamNotFound) {
      if (!not_found_ || IsRetired(error)) not_found_ = error;
    } else if (!failed_) {
      failed_ = error;
    } else {
      failed_->message += StrCat("; ", error.message);
    }
  }
  bool empty() const { return !failed_ && !not_found_; }
  Error Take() { return failed_ ? *std::move(failed_) : *std::move(not_found_); }  // not when it is empty

 private:
  std::optional<Error> failed_, not_found_;
};

}  // namespace thimble
