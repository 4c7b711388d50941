// SPDX-License-Identifier: Apache-2.0
//
// Authorities of one's own for some hosts: an upstream in one's own network has a certificate of one's own CA, and that CA
// has no say about any other host.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "fetchers/http_client.h"

namespace thimble {

// Thread-safe.
class OriginAuthorities {
 public:
  void Set(std::map<std::string, std::string> files);  // by Url::Origin()
  std::string FileFor(const std::string& url) const;   // empty: none

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::string> files_;
};

// Sends each request with the authorities of its origin. Thread-safe, as the inner client is.
class OriginAuthoritiesClient final : public HttpClient {
 public:
  OriginAuthoritiesClient(std::shared_ptr<HttpClient> inner, std::shared_ptr<const OriginAuthorities> of)
      : inner_(std::move(inner)), of_(std::move(of)) {}
  Result<HttpResponse> Send(const HttpRequest& request) override;

 private:
  const std::shared_ptr<HttpClient> inner_;
  const std::shared_ptr<const OriginAuthorities> of_;
};

}  // namespace thimble
