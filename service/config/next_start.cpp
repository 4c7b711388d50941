// SPDX-License-Identifier: Apache-2.0
//
// What a running server cannot take from a file that it reads again.
#include "service/config/config.h"
#include "tcb/base/text.h"

namespace thimble {

std::string KeysForNextStart(const Config& before, const Config& after) {
  std::string keys;
  const auto note = [&](bool same, std::string_view key) {
    if (!same) keys += StrCat(keys.empty() ? "" : ", ", key);
  };
  note(before.server.listen == after.server.listen, "server.listen");
  note(before.server.anchors == after.server.anchors, "server.anchors");
  note(before.server.issuer == after.server.issuer, "server.issuer");
  note(before.server.miss_wait == after.server.miss_wait, "server.miss_wait");
  note(before.server.trusted_proxies == after.server.trusted_proxies &&
           before.server.forwarded_header == after.server.forwarded_header,
       "server.trusted_proxies");
  note(before.server.proxy_protocol == after.server.proxy_protocol, "server.proxy_protocol");
  note(before.cache.data == after.cache.data, "cache.data");
  note(before.cache.stale_grace == after.cache.stale_grace, "cache.stale_grace");
  note(before.refresh.max_age == after.refresh.max_age, "refresh.max_age");
  note(before.refresh.lag == after.refresh.lag, "refresh.lag");
  note(before.history.rules == after.history.rules, "history");
  note(before.log.format == after.log.format && before.log.level == after.log.level, "log");
  note(before.pccs.mode == after.pccs.mode, "pccs.mode");
  note(before.pccs.max_upload == after.pccs.max_upload, "pccs.max_upload");
  note(before.thim.host == after.thim.host, "thim");
  note(before.audit == after.audit, "audit");
  note(before.shared == after.shared, "shared");
  note(before.honour_update == after.honour_update, "baseline.honour_update");
  return keys;
}

}  // namespace thimble
