// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "fetchers/amd_urls.h"
#include "service/cli/command_support.h"
#include "service/cli/commands.h"
#include "service/cli/thimble_client.h"
#include "service/config/anchors.h"
#include "service/support/log.h"
#include "service/transfer/kds_store.h"
#include "service/verification/evidence_files.h"
#include "tcb/amd/hcl.h"
#include "tcb/amd/product.h"
#include "tcb/amd/verify.h"
#include "tcb/base/ascii.h"
#include "tcb/base/text.h"
#include "tcb/check.h"
#include "tcb/verify.h"

namespace thimble {
namespace {

using Keys = Result<std::vector<CollateralKey>>;

Error HardFinding(const Finding& hard) { return {ErrorKind::kRejected, hard.check, hard.message}; }

// What evidence needs. It is held against what it brings itself and the anchors first: a forged one has nothing fetched
// for it.
Result<intel::NeededCollateral> NeededByQuote(ByteView quote, const TrustAnchors& anchors) {
  TRY_ASSIGN(const auto begun,
             intel::QuoteVerification::Begin(quote, "", anchors, Clock().Now(), nullptr, nullptr));
  if (const Finding* hard = begun.verdict().hard()) return HardFinding(*hard);
  return begun.needed();
}

Keys KeysForReport(ByteView report, std::optional<amd::Product> product, const TrustAnchors& anchors) {
  TRY_ASSIGN(const auto begun, amd::SnpVerification::Begin(report, {}, product, anchors, Clock().Now()));
  if (const Finding* hard = begun.verdict().hard()) return HardFinding(*hard);
  return begun.needed();
}

Keys KeysForHclReport(ByteView evidence, std::optional<amd::Product> product, const TrustAnchors& anchors) {
  TRY_ASSIGN(const amd::HclReport hcl, amd::ParseHclReport(evidence));
  if (hcl.type == amd::HclReportType::kSnp) return KeysForReport(hcl.hardware_report, product, anchors);
  return Error{ErrorKind::kUnavailable, Check::kHclQuoteMissing,
               "a TDREPORT needs its TD quote: name that instead"};
}

// Of Intel's items, which set is wanted is said by the place that keeps them.
using Wanted = std::variant<intel::NeededCollateral, intel::Fmspc, std::vector<CollateralKey>>;

Result<Wanted> WantedByEvidence(const FetchOptions& options, const Config& config) {
  TRY_ASSIGN(const Bytes evidence, ReadEvidence(*options.quote));
  TRY_ASSIGN(const TrustAnchors anchors, ReadAnchors(config.server.anchors));
  TRY_ASSIGN(const auto product, ParseProductFlag(options.product));
  TRY_ASSIGN(const EvidenceKind kind, DetectEvidence(evidence));
  if (kind == EvidenceKind::kQuote) {
    TRY_ASSIGN(const auto needed, NeededByQuote(evidence, anchors));
    return Wanted(needed);
  }
  TRY_ASSIGN(auto keys, kind == EvidenceKind::kSnpReport ? KeysForReport(evidence, product, anchors)
                                                         : KeysForHclReport(evidence, product, anchors));
  return Wanted(std::move(keys));
}

// A VCEK as the status page names it, and what it is verified with.
Keys KeysForChip(const FetchOptions& options) {
  TRY_ASSIGN(const auto product, ParseProductFlag(options.product));
  const std::string name = StrCat("amd/vcek/", LowerCase(amd::ProductName(*product)), "/",
                                  LowerCase(*options.hwid), "/", LowerCase(*options.tcb));
  const auto key = ParseKeyName(name);
  const auto* const vcek = key ? std::get_if<VcekKey>(&*key) : nullptr;
  const amd::ProductTraits& traits = amd::TraitsOf(*product);
  if (vcek == nullptr || vcek->hwid.size() != traits.hwid_size || AllZero(vcek->hwid) ||
      vcek->tcb.fmc.has_value() != traits.layout.fmc.has_value()) {
    return Error{ErrorKind::kMalformed, Check::kRequest,
                 StrCat("of ", traits.name, ", --hwid has ", 2 * traits.hwid_size,
                        " hex digits, not all zero, and --tcb the form bl04-tee00-snp24-ucode219",
                        traits.layout.fmc ? "-fmc01" : "")};
  }
  return std::vector<CollateralKey>{*key, AmdChainKey{*product, amd::SigningKey::kVcek},
                                    AmdCrlKey{*product, amd::SigningKey::kVcek}};
}

Result<intel::Fmspc> ParseFmspc(const std::string& text) {
  if (const auto fmspc = intel::Fmspc::FromHex(text)) return *fmspc;
  return Error{ErrorKind::kMalformed, Check::kRequest,
               StrCat("--fmspc \"", text, "\" must be 12 hex digits")};
}

Result<Wanted> WantedBy(const FetchOptions& options, const Config& config) {
  if (options.quote) {
    auto wanted = WantedByEvidence(options, config);
    if (!wanted) wanted.error().message = StrCat(*options.quote, ": ", wanted.error().message);
    return wanted;
  }
  if (options.hwid) {
    TRY_ASSIGN(auto keys, KeysForChip(options));
    return Wanted(std::move(keys));
  }
  TRY_ASSIGN(const intel::Fmspc fmspc, ParseFmspc(options.fmspc.value_or("")));
  return Wanted(fmspc);
}

Keys KeysForQuote(const intel::NeededCollateral& needed, ThimbleClient& place) {
  TRY_ASSIGN(const Selector selector, place.SelectorFor(needed.tee));
  const auto keys = KeysFor(needed, selector);
  return std::vector<CollateralKey>(keys.begin(), keys.end());
}

Keys KeysForFmspc(const intel::Fmspc& fmspc, ThimbleClient& place) {
  TRY_ASSIGN(const Selector sgx, place.SelectorFor(IntelTee::kSgx));
  TRY_ASSIGN(const Selector tdx, place.SelectorFor(IntelTee::kTdx));
  return std::vector<CollateralKey>{RootCaCrlKey{},
                                    PckCrlKey{intel::PckCa::kProcessor},
                                    PckCrlKey{intel::PckCa::kPlatform},
                                    TcbInfoKey{IntelTee::kSgx, fmspc, sgx},
                                    EnclaveIdentityKey{EnclaveId::kQe, sgx},
                                    TcbInfoKey{IntelTee::kTdx, fmspc, tdx},
                                    EnclaveIdentityKey{EnclaveId::kTdQe, tdx}};
}

Keys KeysOf(const Wanted& wanted, ThimbleClient& place) {
  if (const auto* needed = std::get_if<intel::NeededCollateral>(&wanted)) return KeysForQuote(*needed, place);
  if (const auto* fmspc = std::get_if<intel::Fmspc>(&wanted)) return KeysForFmspc(*fmspc, place);
  return std::get<std::vector<CollateralKey>>(wanted);
}

// Not every platform has TDX.
bool MayBeAbsent(const CollateralKey& key, const Error& error) {
  const auto* tcb_info = std::get_if<TcbInfoKey>(&key);
  return tcb_info != nullptr && tcb_info->tee == IntelTee::kTdx && error.check == Check::kUpstreamNotFound;
}

// The part of a name before the selector, which is a server's own when it is asked.
std::string WithoutSelector(const std::string& name) { return name.substr(0, name.rfind('/')); }

bool IsAmong(const CacheStatus& item, const std::vector<CollateralKey>& keys) {
  return std::any_of(keys.begin(), keys.end(), [&](const CollateralKey& key) {
    const bool selected = KindOf(key) == ItemKind::kTcbInfo || KindOf(key) == ItemKind::kEnclaveIdentity;
    return selected ? WithoutSelector(item.item) == WithoutSelector(KeyName(key)) : item.item == KeyName(key);
  });
}

ExitCode Print(ThimbleClient& place, const std::vector<CollateralKey>& keys, bool json) {
  auto report = place.Status();
  if (!report) return Fail(report.error(), json);
  std::erase_if(report->items, [&](const CacheStatus& item) { return !IsAmong(item, keys); });
  json ? PrintJson(StatusJson(*report)) : Print(StatusText(*report));
  return ExitCode::kDone;
}

// Brings what was fetched elsewhere: each to where it is served, which verifies it.
ExitCode BringStore(const FetchOptions& options) {
  const auto store = ReadKdsStore(*options.kds_store);
  if (!store) return Fail(store.error(), options.json);
  auto place = ThimbleClient::Open(options.flags, options.server);
  if (!place) return Fail(place.error(), options.json);

  std::optional<Error> failed;
  const auto note = [&failed](const std::string& path, Error error) {
    error.message = StrCat(path, ": ", error.message);
    if (failed) PrintError(failed->message);
    failed = std::move(error);
  };
  for (const auto& [path, error] : store->refused) note(path, error);
  std::vector<CollateralKey> keys;
  for (const StoredVcek& vcek : store->vceks) {
    keys.emplace_back(vcek.key);
    const auto answer = place->Ask("PUT", KdsUrl("", vcek.key), std::string(AsText(vcek.der)));
    if (!answer) return Fail(answer.error(), options.json);
    if (answer->status == 204) continue;
    note(vcek.path, {answer->status == 422 ? ErrorKind::kRejected : ErrorKind::kUnavailable,
                     Check::kUpstreamStatus, StrCat("HTTP ", answer->status, ", ", AsText(answer->body))});
  }
  if (failed) return Fail(*failed, options.json);
  return Print(*place, keys, options.json);
}

}  // namespace

ExitCode Run(const FetchOptions& options) {
  SetLogLevel(LogLevel::kError);
  const auto config = EffectiveConfig(options.flags);
  if (!config) return Fail(config.error(), options.json);
  if (options.kds_store) return BringStore(options);
  // What is wrong with the command is said before a store is opened for it.
  const auto wanted = WantedBy(options, *config);
  if (!wanted) return Fail(wanted.error(), options.json);
  auto place = ThimbleClient::Open(options.flags, options.server);
  if (!place) return Fail(place.error(), options.json);
  const auto keys = KeysOf(*wanted, *place);
  if (!keys) return Fail(keys.error(), options.json);

  std::optional<Error> failed;
  for (const CollateralKey& key : *keys) {
    const Status fetched = place->Fetch(key);
    if (fetched || (options.fmspc && MayBeAbsent(key, fetched.error()))) continue;
    Error error = fetched.error();
    error.message = StrCat(KeyName(key), ": ", error.message);
    if (failed) PrintError(failed->message);
    failed = std::move(error);
  }
  if (failed) return Fail(*failed, options.json);
  return Print(*place, *keys, options.json);
}

}  // namespace thimble
