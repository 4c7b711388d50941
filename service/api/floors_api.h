// SPDX-License-Identifier: Apache-2.0
//
// AMD's floor documents, served as they are (docs/AMD-FLOORS.md):
//
//   GET  /v1/floors           the one that the default baseline judges by, byte for byte; ?name=NAME&number=N another one
//                             that is kept. Its signature, where it has one, in X-Thimble-Floors-Signature (base64)
//   GET  /v1/floors/history   what is kept, newest first
//   POST /v1/floors           {"document": text, "signature": base64}, for the administrator: has to hold under floors.key
#pragma once

#include "service/baselines/baseline_book.h"
#include "service/baselines/floor_book.h"
#include "service/http/router.h"
#include "service/support/clock.h"

namespace thimble {

// Thread-safe. What is given outlives it, and it outlives the router that it is added to.
class FloorsApi {
 public:
  FloorsApi(FloorBook& floors, const BaselineBook& baselines, const Clock& clock)
      : floors_(floors), baselines_(baselines), clock_(clock) {}

  void AddTo(http::Router& router);

 private:
  http::Response Document(const http::Query& query);
  http::Response History() const;
  http::Response Take(const http::Request& request);

  FloorBook& floors_;
  const BaselineBook& baselines_;
  const Clock& clock_;
};

}  // namespace thimble
