// SPDX-License-Identifier: Apache-2.0
//
// Between a client and a good server on loopback: what the server answers is bent before the client has it, so that it
// looks like a server with that fault.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>

#include "tests/service/testing/loopback_listener.h"
#include "tests/service/testing/raw_http.h"

namespace thimble::test {

struct AskedRequest {
  std::string method, target, body;
};
// Null: the answer stays as it is.
using Fault = std::function<void(const AskedRequest&, RawAnswer&)>;

// One connection after the other, one request on each.
class BendingProxy {
 public:
  BendingProxy(uint16_t server, Fault fault) : server_(server), fault_(std::move(fault)) {}

  std::string url() const;

 private:
  void Serve(int client) const;

  const uint16_t server_;
  const Fault fault_;
  const LoopbackListener listener_{[this](int client) { Serve(client); }};
};

// Faults are made of these.
void Refuse(RawAnswer& answer, int status, std::string_view cause = {});
void RemoveHeader(RawAnswer& answer, std::string_view name);
void SetHeader(RawAnswer& answer, std::string_view name, std::string_view value);

}  // namespace thimble::test
