// SPDX-License-Identifier: Apache-2.0
//
// The keys of [policy.NAME.uvm]. Internal to policy_toml.cpp: the header of toml++ is heavy.
#pragma once

#include "service/config/ledger_keys.h"
#include "service/config/policy_keys.h"

namespace thimble {

// [{ issuer = "did:x509:...", feed = "ContainerPlat-AMD-UVM", min_svn = 104 }]
inline TomlKey AcceptedUvmKey(const TomlReader& r, std::vector<AcceptedUvm>& out) {
  constexpr std::string_view kName = "accepted";
  return {kName, [&r, &out, kName](const toml::node& node) -> Status {
            const toml::array* const list = node.as_array();
            if (list == nullptr) return r.Fail(node, "accepted must be a list of { issuer, feed, min_svn }");
            out.clear();
            for (const toml::node& entry : *list) {
              AcceptedUvm& one = out.emplace_back();
              std::optional<uint32_t> min_svn;
              TRY(ReadTable(r, entry, kName,
                            {TextKey(r, "issuer", one.issuer), TextKey(r, "feed", one.feed),
                             NumberKey(r, "min_svn", min_svn)}));
              if (one.issuer.empty() || one.feed.empty() || !min_svn)
                return r.Fail(entry, "accepted: each has an issuer, a feed and a min_svn");
              one.min_svn = *min_svn;
            }
            return {};
          }};
}

// The path of a JWKS
inline TomlKey LedgerKeysKey(const TomlReader& r, std::vector<uvm::LedgerKey>& out) {
  return {"ledger_keys", [&r, &out](const toml::node& node) -> Status {
            TRY_ASSIGN(const auto path, ReadText<std::string>(r, node, "ledger_keys", ParseSomeText,
                                                              "the path of a JWKS file, in quotes"));
            auto keys = ReadLedgerKeys(path);
            if (!keys) return r.Fail(node, keys.error().message);
            out = *std::move(keys);
            return {};
          }};
}

}  // namespace thimble
