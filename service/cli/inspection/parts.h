// SPDX-License-Identifier: Apache-2.0
//
// What inspect.cpp is made of. Each writes members of the object that is open, "kind" first; malformed when it is not
// that, and nothing has been written then.
#pragma once

#include <string_view>
#include <vector>

#include "tcb/base/bytes.h"
#include "tcb/base/json.h"
#include "tcb/base/result.h"

namespace thimble::inspection {

// Certificates or a CRL, in PEM (also percent-encoded, as in headers) or DER.
bool LooksLikePki(ByteView bytes);
Status WritePki(json::Writer& json, ByteView bytes);
Status WriteCertificates(json::Writer& json, std::string_view kind, const std::vector<Bytes>& list);
Status WriteCrl(json::Writer& json, ByteView bytes);

// JSON of vendors, of their caches and of Thimble, its exports and signed tokens.
bool LooksLikeDocument(ByteView bytes);
Status WriteDocument(json::Writer& json, ByteView bytes);

inline constexpr size_t kMaxCertificates = 16;

}  // namespace thimble::inspection
