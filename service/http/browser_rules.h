// SPDX-License-Identifier: Apache-2.0
//
// What pages in a browser may make it ask of us. A page that a stranger's name was bound to this host for (DNS rebinding)
// reads nothing of ours, a stranger's page changes nothing, and the pages that the operator names read. Clients that are
// no browsers send none of the headers that are looked at here, but for Host.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "service/http/router.h"
#include "service/http/types.h"

namespace thimble::http {

// "https://console.example", "http://localhost:3000": as browsers send it, in lower case.
std::optional<std::string> ParseOrigin(std::string_view text);
// A host name or address, without a port; "*.example.org" stands for one label.
std::optional<std::string> ParseHostName(std::string_view text);

// Immutable.
class BrowserRules {
 public:
  // `hosts`: the names beside "localhost" and addresses of loopback that our own routes answer to; nullopt: to any, since
  // only what listens on loopback takes its peers for this host's. `origins`: whose pages may read.
  BrowserRules(std::optional<std::vector<std::string>> hosts, std::vector<std::string> origins)
      : hosts_(std::move(hosts)), origins_(std::move(origins)) {}

  // Why the request is refused; what it was matched with says whether it is for a route of ours, and changes anything.
  struct Refusal {
    int status = 0;  // 403, 421
    std::string_view cause;
    std::string why;
  };
  std::optional<Refusal> Refuses(const Request& request, const Router::Match& match) const;

  // The answer to OPTIONS: what may be asked of the path, and by a page of an origin that may read, how. nullopt: the
  // path is none, or a dialect's, which is not asked by a page that may read.
  std::optional<Response> Options(const Request& request, const Router& router,
                                  const Router::Match& match) const;
  // Lets the pages of the origins read the answer.
  void Share(const Request& request, const Router::Match& match, Response& response) const;

 private:
  bool AnswersTo(std::string_view host) const;
  bool MayRead(std::string_view origin) const;

  std::optional<std::vector<std::string>> hosts_;
  std::vector<std::string> origins_;
};

}  // namespace thimble::http
