// SPDX-License-Identifier: Apache-2.0
#include "service/api/reference_api.h"

namespace thimble {

// Open to anyone: they are published with the source.
void AddReferenceTo(http::Router& router) {
  const auto add = [&router](std::string path, std::string type, std::string_view text) {
    const auto content = http::Content::Make(std::move(type), std::string(text));
    router.Add({"GET",
                std::move(path),
                {},
                [content](const http::Request&, const http::Query&) {
                  return http::Response{
                      .status = 200, .headers = {{"Cache-Control", "max-age=3600"}}, .content = content};
                },
                std::nullopt});
  };
  add("/openapi.yaml", "application/yaml", OpenApiDocument());
  add("/result.schema.json", "application/schema+json", ResultSchema());
}

}  // namespace thimble
