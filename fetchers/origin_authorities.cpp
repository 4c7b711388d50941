// SPDX-License-Identifier: Apache-2.0
#include "fetchers/origin_authorities.h"

#include "fetchers/url.h"

namespace thimble {

void OriginAuthorities::Set(std::map<std::string, std::string> files) {
  const std::lock_guard lock(mutex_);
  files_ = std::move(files);
}

std::string OriginAuthorities::FileFor(const std::string& url) const {
  const std::lock_guard lock(mutex_);
  if (files_.empty()) return {};
  const auto parsed = ParseUrl(url);
  const auto found = parsed ? files_.find(parsed->Origin()) : files_.end();
  return found == files_.end() ? std::string() : found->second;
}

Result<HttpResponse> OriginAuthoritiesClient::Send(const HttpRequest& request) {
  std::string file = of_->FileFor(request.url);
  if (file.empty() || !request.ca_file.empty()) return inner_->Send(request);
  HttpRequest trusting = request;
  trusting.ca_file = std::move(file);
  return inner_->Send(trusting);
}

}  // namespace thimble
