// SPDX-License-Identifier: Apache-2.0
//
// GET /openapi.yaml, the description of every route (docs/openapi.yaml), and GET /result.schema.json, the JSON Schema of
// results, to which it refers. Both are part of the binary.
#pragma once

#include <string_view>

#include "service/http/router.h"

namespace thimble {

std::string_view OpenApiDocument();
std::string_view ResultSchema();

void AddReferenceTo(http::Router& router);

}  // namespace thimble
