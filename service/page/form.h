// SPDX-License-Identifier: Apache-2.0
//
// What a form of the page sends: multipart/form-data (RFC 7578), a file or a text a field.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "service/http/types.h"

namespace thimble::page {

using Fields = std::map<std::string, std::string, std::less<>>;

// nullopt for what is no such form: another type, no boundary, a part without an end or a name, a name that is there twice.
std::optional<Fields> ReadForm(const http::Request& request);

// Evidence as people hand it over: bytes, or the text of hex or base64 with white space in it, or a JSON request. With the
// media type that POST /v1/verify takes it by.
struct Evidence {
  std::string type, body;
};
Evidence EvidenceOf(std::string given);

}  // namespace thimble::page
