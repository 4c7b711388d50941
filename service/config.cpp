// SPDX-License-Identifier: Apache-2.0
#include "service/config.h"

#include <toml++/toml.h>

#include <charconv>
#include <functional>
#include <optional>

#include "fetchers/intel_urls.h"
#include "fetchers/url.h"
#include "service/file.h"
#include "service/http_server.h"
#include "tcb/base/crypto.h"
#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble {
namespace {

constexpr size_t kMaxConfigBytes = 1u << 20;

// The file being read: gives errors their place.
class Reader {
 public:
  explicit Reader(std::string_view file_name) : file_name_(file_name) {}

  Error Fail(const toml::node& node, std::string_view what) const {
    return FailAt(node.source().begin.line, what);
  }
  Error FailAt(unsigned line, std::string_view what) const {
    return {ErrorKind::kMalformed, Check::kRequest, StrCat(file_name_, ":", line, ": ", what)};
  }

 private:
  std::string_view file_name_;
};

// A key that a table may have, and what is done with its value.
struct Key {
  std::string_view name;
  std::function<Status(const toml::node&)> read;
};

std::string Names(const std::vector<Key>& keys) {
  std::string names;
  for (const Key& key : keys) names += StrCat(names.empty() ? "" : ", ", key.name);
  return names;
}

Status ReadTable(const Reader& reader, const toml::node& node, std::string_view name,
                 const std::vector<Key>& keys) {
  const toml::table* table = node.as_table();
  if (table == nullptr) return reader.Fail(node, StrCat(name, " must be a table, [", name, "]"));
  for (const auto& [found, value] : *table) {
    const std::string_view wanted = found.str();
    const auto key = std::find_if(keys.begin(), keys.end(), [&](const Key& k) { return k.name == wanted; });
    if (key == keys.end()) {
      const std::string where = name.empty() ? "section" : StrCat("key in [", name, "]");
      return reader.FailAt(found.source().begin.line,
                           StrCat("unknown ", where, ": ", found.str(), "; known: ", Names(keys)));
    }
    TRY(key->read(value));
  }
  return {};
}

Key TextKey(const Reader& reader, std::string_view name, std::string& out) {
  return {name, [&reader, name, &out](const toml::node& node) -> Status {
            const auto value = node.value_exact<std::string>();
            if (!value) return reader.Fail(node, StrCat(name, " must be text in quotes"));
            out = *value;
            return {};
          }};
}

Key BoolKey(const Reader& reader, std::string_view name, bool& out) {
  return {name, [&reader, name, &out](const toml::node& node) -> Status {
            const auto value = node.value_exact<bool>();
            if (!value) return reader.Fail(node, StrCat(name, " must be true or false"));
            out = *value;
            return {};
          }};
}

Key NumberKey(const Reader& reader, std::string_view name, uint32_t& out) {
  return {name, [&reader, name, &out](const toml::node& node) -> Status {
            const auto value = node.value_exact<int64_t>();
            if (!value || *value < 0 || *value > UINT32_MAX) {
              return reader.Fail(node, StrCat(name, " must be a whole number from 0 on"));
            }
            out = static_cast<uint32_t>(*value);
            return {};
          }};
}

Key DurationKey(const Reader& reader, std::string_view name, Seconds& out) {
  return {name, [&reader, name, &out](const toml::node& node) -> Status {
            const auto text = node.value_exact<std::string>();
            const auto value = text ? ParseDuration(*text) : std::nullopt;
            if (!value) {
              return reader.Fail(
                  node, StrCat(name, " must be a duration with its unit: \"90s\", \"15m\", \"24h\", \"7d\""));
            }
            out = *value;
            return {};
          }};
}

// Text that `parse` turns into a value, or refuses.
template <class T>
Key ParsedKey(const Reader& reader, std::string_view name, T& out,
              std::optional<T> (*parse)(std::string_view), std::string_view wanted) {
  return {name, [&reader, name, &out, parse, wanted](const toml::node& node) -> Status {
            const auto text = node.value_exact<std::string>();
            const auto value = text ? parse(*text) : std::nullopt;
            if (!value) return reader.Fail(node, StrCat(name, " must be ", wanted));
            out = *value;
            return {};
          }};
}

template <class T>
Key ListKey(const Reader& reader, std::string_view name, std::vector<T>& out,
            std::optional<T> (*parse)(std::string_view), std::string_view wanted) {
  return {name, [&reader, name, &out, parse, wanted](const toml::node& node) -> Status {
            const toml::array* list = node.as_array();
            if (list == nullptr) return reader.Fail(node, StrCat(name, " must be a list of ", wanted));
            out.clear();
            for (const toml::node& entry : *list) {
              const auto text = entry.value_exact<std::string>();
              const auto value = text ? parse(*text) : std::nullopt;
              if (!value) return reader.Fail(entry, StrCat(name, " must be a list of ", wanted));
              out.push_back(*value);
            }
            return {};
          }};
}

std::optional<std::string> AnyText(std::string_view text) { return std::string(text); }

std::optional<Selector> ParseSelector(std::string_view text) {
  if (text == "standard") return Selector{};
  if (text == "early") return Selector{Selector::Kind::kEarly, 0};
  Selector selector{Selector::Kind::kNumber, 0};
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), selector.number);
  if (text.empty() || parsed.ec != std::errc() || parsed.ptr != text.data() + text.size())
    return std::nullopt;
  return selector;
}

std::optional<AmdCrlMode> ParseAmdCrlMode(std::string_view text) {
  if (text == "require") return AmdCrlMode::kRequire;
  if (text == "if_available") return AmdCrlMode::kIfAvailable;
  if (text == "off") return AmdCrlMode::kOff;
  return std::nullopt;
}

std::optional<AmdFloorMode> ParseAmdFloorMode(std::string_view text) {
  if (text == "require") return AmdFloorMode::kRequire;
  if (text == "if_known") return AmdFloorMode::kIfKnown;
  return std::nullopt;
}

// Revoked is a status that no policy may accept.
std::optional<TcbStatus> ParseAcceptedStatus(std::string_view text) {
  const auto status = TcbStatusFromName(text);
  return status == TcbStatus::kRevoked ? std::nullopt : status;
}

Status ReadPolicy(const Reader& r, const toml::node& node, std::string_view name, Policy& out) {
  return ReadTable(
      r, node, StrCat("policy.", name),
      {ListKey<TcbStatus>(
           r, "accepted_statuses", out.accepted_statuses, ParseAcceptedStatus,
           "TCB statuses, as \"UpToDate\" or \"SWHardeningNeeded\"; \"Revoked\" is never accepted"),
       NumberKey(r, "min_tcb_evaluation", out.min_tcb_evaluation), BoolKey(r, "allow_debug", out.allow_debug),
       BoolKey(r, "allow_migration", out.allow_migration),
       DurationKey(r, "collateral_grace", out.collateral_grace),
       ParsedKey<AmdCrlMode>(r, "amd_crl", out.amd_crl, ParseAmdCrlMode,
                             "\"require\", \"if_available\" or \"off\""),
       ParsedKey<AmdFloorMode>(r, "amd_floor", out.amd_floor, ParseAmdFloorMode,
                               "\"require\" or \"if_known\"")});
}

Status ReadBaseline(const Reader& r, const toml::node& node, std::string_view name, Baseline& out) {
  return ReadTable(r, node, StrCat("baseline.", name),
                   {ParsedKey<Selector>(r, "intel", out.intel, ParseSelector,
                                        "\"standard\", \"early\" or an evaluation number in quotes, \"17\""),
                    TextKey(r, "amd", out.amd)});
}

// [policy.NAME] for every NAME there is.
Status ReadPolicies(const Reader& r, const toml::node& node, const Digest256& sha256, Config& out) {
  const toml::table* table = node.as_table();
  if (table == nullptr) return r.Fail(node, "policies are tables: [policy.NAME]");
  for (const auto& [name, value] : *table) {
    Policy& policy = out.policies[std::string(name.str())];
    policy.id = name.str();
    policy.sha256 = sha256;
    TRY(ReadPolicy(r, value, name.str(), policy));
  }
  return {};
}

// [baseline] with honour_update, and [baseline.NAME].
Status ReadBaselines(const Reader& r, const toml::node& node, Config& out) {
  const toml::table* table = node.as_table();
  if (table == nullptr) return r.Fail(node, "baselines are tables: [baseline.NAME]");
  for (const auto& [name, value] : *table) {
    if (name.str() == "honour_update") {
      TRY(BoolKey(r, "honour_update", out.honour_update).read(value));
    } else {
      TRY(ReadBaseline(r, value, name.str(), out.baselines[std::string(name.str())]));
    }
  }
  return {};
}

// `url` and `allow_http` of one upstream.
Result<Upstream> ReadUpstream(const Reader& r, const toml::node& node, Vendor vendor) {
  Upstream upstream;
  TRY(ReadTable(r, node, "upstream",
                {TextKey(r, "url", upstream.url), BoolKey(r, "allow_http", upstream.allow_http)}));
  auto checked = CheckedUpstream(vendor, upstream);
  if (!checked) return r.Fail(node, checked.error().message);
  return checked;
}

// [intel] and [amd] have nothing but their upstreams.
Status ReadVendor(const Reader& r, const toml::node& node, Vendor vendor, std::vector<Upstream>& out) {
  const std::string_view name = vendor == Vendor::kIntel ? "intel" : "amd";
  const auto read_list = [&](const toml::node& list) -> Status {
    const toml::array* array = list.as_array();
    if (array == nullptr) return r.Fail(list, StrCat("upstreams are lists: [[", name, ".upstream]]"));
    out.clear();
    for (const toml::node& entry : *array) {
      TRY_ASSIGN(Upstream upstream, ReadUpstream(r, entry, vendor));
      out.push_back(std::move(upstream));
    }
    return {};
  };
  return ReadTable(r, node, name, {{"upstream", read_list}});
}

Result<toml::table> ParseToml(std::string_view text, const Reader& reader) {
  try {
    return toml::parse(text);
  } catch (const toml::parse_error& error) {
    return reader.FailAt(error.source().begin.line, error.description());
  }
}

}  // namespace

Policy BuiltInPolicy() {
  Policy policy;
  policy.sha256 = Sha256({});
  return policy;
}

Result<Upstream> CheckedUpstream(Vendor vendor, Upstream upstream) {
  const auto fail = [&](std::string_view what) {
    return Error{ErrorKind::kMalformed, Check::kRequest,
                 StrCat("upstream url \"", upstream.url, "\" ", what)};
  };
  const auto url = ParseUrl(upstream.url);
  if (!url || url->target.find('?') != std::string::npos)
    return fail("must be a URL like https://HOST/, without user and query");
  if (!url->tls && !upstream.allow_http && ReachOf(*url) == Reach::kElsewhere) {
    return fail("is http:// to another host: use https://, or set allow_http = true");
  }
  if (vendor == Vendor::kIntel && !NormalizeIntelBase(upstream.url)) {
    return fail("must be the base that clients know, as https://HOST/sgx/certification/v4/");
  }
  return upstream;
}

Status CheckConfig(const Config& config) {
  const auto fail = [](std::string message) {
    return Error{ErrorKind::kMalformed, Check::kRequest, std::move(message)};
  };
  if (!http::ListenAddress::Parse(config.server.listen)) {
    return fail(StrCat("listen \"", config.server.listen,
                       "\" must be ADDRESS:PORT, as 127.0.0.1:8081 or [::1]:8081"));
  }
  if (config.server.miss_budget < Seconds(1)) return fail("miss_budget must be at least 1s");
  if (config.cache.data.empty())
    return fail("data must name a directory; for a store in memory use --ephemeral");
  if (config.refresh.max_age < Seconds(600))
    return fail("max_age must be at least 10m: vendors are not asked more often");
  return {};
}

Result<Config> ParseConfig(std::string_view text, std::string_view file_name) {
  const Reader r(file_name);
  TRY_ASSIGN(const toml::table root, ParseToml(text, r));
  const Digest256 sha256 = Sha256(AsBytes(text));
  Config out;
  const auto table = [&r](std::string_view name, std::vector<Key> keys) {
    return Key{name, [&r, name, keys = std::move(keys)](const toml::node& node) {
                 return ReadTable(r, node, name, keys);
               }};
  };
  TRY(ReadTable(
      r, root, "",
      {table("server", {TextKey(r, "listen", out.server.listen),
                        ListKey<std::string>(r, "anchors", out.server.anchors, AnyText, "PEM files"),
                        DurationKey(r, "miss_budget", out.server.miss_budget)}),
       {"intel",
        [&](const toml::node& node) { return ReadVendor(r, node, Vendor::kIntel, out.intel_upstreams); }},
       {"amd", [&](const toml::node& node) { return ReadVendor(r, node, Vendor::kAmd, out.amd_upstreams); }},
       table("cache",
             {TextKey(r, "data", out.cache.data), DurationKey(r, "stale_grace", out.cache.stale_grace)}),
       table("refresh", {DurationKey(r, "max_age", out.refresh.max_age)}),
       {"baseline", [&](const toml::node& node) { return ReadBaselines(r, node, out); }},
       {"policy", [&](const toml::node& node) { return ReadPolicies(r, node, sha256, out); }}}));
  if (const Status rules = CheckConfig(out); !rules) {
    return Error{rules.error().kind, rules.error().check, StrCat(file_name, ": ", rules.error().message)};
  }
  return out;
}

Result<Config> LoadConfig(const std::string& path) {
  TRY_ASSIGN(const std::string text, ReadFile(path, kMaxConfigBytes));
  return ParseConfig(text, path);
}

Result<PolicyFile> LoadPolicyFile(const std::string& path) {
  TRY_ASSIGN(const std::string text, ReadFile(path, kMaxConfigBytes));
  const Reader r(path);
  TRY_ASSIGN(const toml::table root, ParseToml(text, r));
  PolicyFile out;
  out.policy.sha256 = Sha256(AsBytes(text));
  TRY(ReadTable(r, root, "",
                {{"policy",
                  [&](const toml::node& node) {
                    return ReadTable(r, node, "policy", {{"default", [&](const toml::node& default_policy) {
                                                            return ReadPolicy(r, default_policy, "default",
                                                                              out.policy);
                                                          }}});
                  }},
                 {"baseline", [&](const toml::node& node) {
                    return ReadTable(r, node, "baseline",
                                     {{"default", [&](const toml::node& default_baseline) {
                                         return ReadBaseline(r, default_baseline, "default", out.baseline);
                                       }}});
                  }}}));
  return out;
}

}  // namespace thimble
