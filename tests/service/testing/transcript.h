// SPDX-License-Identifier: Apache-2.0
//
// HTTP dialogues as text: what is sent, and what has to come back.
//
//   # A remark.
//   @config [pccs]                   a line of the server's configuration; one server a file
//   @vendor 503 /pckcerts            the simulated vendor's mode from here on (sim_vendor_server.h)
//
//   == The root CA CRL, as Intel's client asks for it
//   > GET /sgx/certification/v4/rootcacrl
//   > Accept: */*                    headers; Host is added
//   >                                an empty line, then the body
//   > ...
//   < 200
//   < Cache-Control: max-age=*       all headers of the answer but those of kStandingHeaders, in any order
//   <
//   < 3082*                          the body; without one it has to be empty
//
// "*" stands for anything, "{name}" for a value that the test gives.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/service/testing/raw_http.h"

namespace thimble::test {

struct Exchange {
  std::string title;
  std::vector<std::string> vendor_modes;  // set before it
  std::string method, target, body;
  std::vector<std::string> headers;
  int status = 0;
  std::vector<std::pair<std::string, std::string>> answer_headers;
  std::string answer_body;
};

struct Transcript {
  std::string config;
  std::vector<Exchange> exchanges;
};

using Values = std::map<std::string, std::string, std::less<>>;

// Throws std::runtime_error, naming the line, for what is not of that form, and for an unknown value.
Transcript ParseTranscript(std::string_view text, const Values& values);

// What every answer may bear without being listed.
extern const std::vector<std::string> kStandingHeaders;
// Each difference in a line; empty: it is as it has to be.
std::string DifferenceFrom(const Exchange& expected, const RawAnswer& answer);

bool Matches(std::string_view pattern, std::string_view text);

}  // namespace thimble::test
