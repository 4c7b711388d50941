// SPDX-License-Identifier: Apache-2.0
//
// Which FMSPCs Intel knows, as `fmspcs` answers. The last list is kept in memory: it changes a few times a year.
#pragma once

#include <functional>
#include <string>

#include "service/upstreams/kept_answers.h"

namespace thimble {

// Thread-safe.
class FmspcList {
 public:
  using Fetch = std::function<Result<std::string>(const std::string& platform)>;
  FmspcList(Fetch fetch, KeptAnswers<std::string>::Options options)
      : fetch_(std::move(fetch)), lists_(std::move(options)) {}

  // JSON. `platform` is one of the few classes that there are. Errors are those of the fetch.
  Result<std::string> Get(const std::string& platform, Instant now) {
    return lists_.Get(platform, now, [&] { return fetch_(platform); });
  }

 private:
  const Fetch fetch_;
  KeptAnswers<std::string> lists_;
};

}  // namespace thimble
