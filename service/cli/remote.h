// SPDX-License-Identifier: Apache-2.0
//
// A running Thimble as commands talk to it: over --server URL, or over the Unix socket beside its store.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "fetchers/http_client.h"
#include "tcb/base/result.h"

namespace thimble {

class Remote {
 public:
  // request.invalid when the URL is not one. Plain HTTP is allowed: the user has named this host.
  static Result<Remote> AtUrl(std::string_view url);
  static Remote AtSocket(const std::string& path);

  // OK means that an answer arrived, whatever its status. Errors: upstream.unreachable.
  Result<HttpResponse> Get(std::string_view target) const;
  Result<HttpResponse> Send(std::string_view method, std::string_view target, std::string_view content_type,
                            std::string body) const;
  Result<HttpResponse> Post(std::string_view target, std::string_view content_type, std::string body) const;
  // Where it is, for messages.
  const std::string& name() const { return name_; }

 private:
  Remote(std::string name, std::string base, std::string socket);
  HttpRequest RequestTo(std::string_view target) const;

  std::string name_, base_, socket_;
  std::shared_ptr<HttpClient> client_;
};

}  // namespace thimble
