// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "fetchers/amd_urls.h"
#include "service/cli/command_support.h"
#include "service/cli/commands.h"
#include "service/cli/inspection/decoded.h"
#include "service/cli/thimble_client.h"
#include "service/config/anchors.h"
#include "service/support/log.h"
#include "service/transfer/kds_store.h"
#include "service/verification/evidence_files.h"
#include "tcb/amd/hcl.h"
#include "tcb/amd/product.h"
#include "tcb/amd/verify.h"
#include "tcb/base/ascii.h"
#include "tcb/base/json.h"
#include "tcb/base/text.h"
#include "tcb/check.h"
#include "tcb/keys_to_verify.h"
#include "tcb/openenclave/evidence.h"

namespace thimble {
namespace {

using Keys = Result<std::vector<CollateralKey>>;

Error HardFinding(const Finding& hard) { return {ErrorKind::kRejected, hard.check, hard.message}; }

// What evidence needs. It is checked against what it brings itself and the anchors first: nothing is fetched for forged
// evidence.
Result<intel::NeededCollateral> NeededByQuote(ByteView quote, std::string_view pck_chain,
                                              const TrustAnchors& anchors) {
  TRY_ASSIGN(const auto begun,
             intel::QuoteVerification::Begin(quote, pck_chain, anchors, Clock().Now(), nullptr, nullptr));
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

// A quote that holds its PPID in place of its PCK chain: whoever keeps the collateral finds that.
struct QuoteWithoutChain {
  Bytes quote;
  TrustAnchors anchors;
};
// Of Intel's items, which set is wanted is said by the client that keeps them.
using Wanted =
    std::variant<intel::NeededCollateral, QuoteWithoutChain, intel::Fmspc, std::vector<CollateralKey>>;

Result<Wanted> WantedByQuote(const Bytes& quote, const TrustAnchors& anchors) {
  const auto needed = NeededByQuote(quote, "", anchors);
  if (needed) return Wanted(*needed);
  if (needed.error().check != Check::kPckMissing) return needed.error();
  return Wanted(QuoteWithoutChain{quote, anchors});
}

Result<Wanted> WantedByEvidence(const FetchOptions& options, const Config& config) {
  TRY_ASSIGN(const input::Evidence evidence, ReadEvidence(*options.quote));
  PrintDecoded(evidence.decoded);
  TRY_ASSIGN(const TrustAnchors anchors, ReadAnchors(config.server.anchors));
  TRY_ASSIGN(const auto product, ParseProductFlag(options.product));
  if (evidence.kind == EvidenceKind::kQuote || evidence.kind == EvidenceKind::kOpenEnclave) {
    TRY_ASSIGN(const ByteView quote, openenclave::QuoteIn(evidence.bytes));
    return WantedByQuote(Bytes(quote.begin(), quote.end()), anchors);
  }
  if (evidence.kind == EvidenceKind::kTpmQuote || evidence.kind == EvidenceKind::kVbsReport) {
    return Error{
        ErrorKind::kMalformed, Check::kRequest,
        "--quote: nothing is to be fetched for this evidence: it rests on certificates that come with it"};
  }
  TRY_ASSIGN(auto keys, evidence.kind == EvidenceKind::kSnpReport
                            ? KeysForReport(evidence.bytes, product, anchors)
                            : KeysForHclReport(evidence.bytes, product, anchors));
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
      vcek->tcb != amd::TcbVersion::Decode(*product, vcek->tcb.Encode())) {
    return Error{ErrorKind::kMalformed, Check::kRequest,
                 StrCat("of ", traits.name, ", --hwid has ", 2 * traits.hwid_size,
                        " hex digits, not all zero, and --tcb the form ",
                        !traits.layout.bootloader ? "tee01-snp01-fmc01" : "bl04-tee00-snp24-ucode219",
                        traits.layout.bootloader && traits.layout.fmc ? "-fmc01" : "")};
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
    const bool named = wanted || wanted.error().message.starts_with(*options.quote);
    if (!named) wanted.error().message = StrCat(*options.quote, ": ", wanted.error().message);
    return wanted;
  }
  if (options.hwid) {
    TRY_ASSIGN(auto keys, KeysForChip(options));
    return Wanted(std::move(keys));
  }
  TRY_ASSIGN(const intel::Fmspc fmspc, ParseFmspc(options.fmspc.value_or("")));
  return Wanted(fmspc);
}

Keys KeysForQuote(const intel::NeededCollateral& needed, ThimbleClient& client) {
  TRY_ASSIGN(const Selector selector, client.SelectorFor(needed.tee));
  return KeysToVerify(needed.tee, needed.fmspc, needed.ca, selector);
}

// All of it is gathered there, with the chain by which we know what that is.
Keys KeysForQuoteWithoutChain(const QuoteWithoutChain& wanted, ThimbleClient& client) {
  TRY_ASSIGN(const std::string collateral, client.Ask({.method = "POST",
                                                       .target = "/v1/collateral",
                                                       .body = std::string(AsText(wanted.quote)),
                                                       .content_type = "application/octet-stream"}));
  TRY_ASSIGN(const auto document,
             json::Document::Parse(collateral, "answer", ErrorKind::kUnavailable, Check::kUpstreamAnswer));
  TRY_ASSIGN(const std::string_view chain, document->root().GetString("pck_certificate_chain"));
  TRY_ASSIGN(const auto needed, NeededByQuote(wanted.quote, chain, wanted.anchors));
  return KeysForQuote(needed, client);
}

Keys KeysForFmspc(const intel::Fmspc& fmspc, ThimbleClient& client) {
  std::vector<CollateralKey> keys;
  for (const IntelTee tee : {IntelTee::kSgx, IntelTee::kTdx}) {
    TRY_ASSIGN(const Selector selector, client.SelectorFor(tee));
    AddKeys(KeysToVerify(tee, fmspc, std::nullopt, selector), keys);
  }
  return keys;
}

Keys KeysOf(const Wanted& wanted, ThimbleClient& client) {
  if (const auto* needed = std::get_if<intel::NeededCollateral>(&wanted))
    return KeysForQuote(*needed, client);
  if (const auto* quote = std::get_if<QuoteWithoutChain>(&wanted))
    return KeysForQuoteWithoutChain(*quote, client);
  if (const auto* fmspc = std::get_if<intel::Fmspc>(&wanted)) return KeysForFmspc(*fmspc, client);
  return std::get<std::vector<CollateralKey>>(wanted);
}

// Not every platform has TDX.
bool MayBeAbsent(const CollateralKey& key, const Error& error) {
  const auto* tcb_info = std::get_if<TcbInfoKey>(&key);
  return tcb_info != nullptr && tcb_info->tee == IntelTee::kTdx && error.check == Check::kUpstreamNotFound;
}

// The same but for the selector, which is a server's own when it is asked.
bool SameButSelector(const CollateralKey& a, const CollateralKey& b) {
  if (const auto* info = std::get_if<TcbInfoKey>(&a)) {
    const auto* other = std::get_if<TcbInfoKey>(&b);
    return other != nullptr && info->tee == other->tee && info->fmspc == other->fmspc;
  }
  if (const auto* identity = std::get_if<EnclaveIdentityKey>(&a)) {
    const auto* other = std::get_if<EnclaveIdentityKey>(&b);
    return other != nullptr && identity->id == other->id;
  }
  return a == b;
}

bool IsAmong(const CacheStatus& item, const std::vector<CollateralKey>& keys) {
  return std::ranges::any_of(keys, [&](const CollateralKey& key) { return SameButSelector(item.key, key); });
}

ExitCode Print(ThimbleClient& client, const std::vector<CollateralKey>& keys, bool json) {
  auto report = client.Status();
  if (!report) return Fail(report.error(), json);
  std::erase_if(report->items, [&](const CacheStatus& item) { return !IsAmong(item, keys); });
  json ? PrintJson(StatusJson(*report)) : Print(StatusText(*report));
  return ExitCode::kDone;
}

// Brings what was fetched elsewhere: each to where it is served, which verifies it.
ExitCode BringStore(const FetchOptions& options) {
  const auto store = ReadKdsStore(*options.kds_store);
  if (!store) return Fail(store.error(), options.json);
  auto client = ThimbleClient::Open(options.flags, options.server, Storage::kDisk);
  if (!client) return Fail(client.error(), options.json);

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
    const auto answer = client->Send({.method = "PUT",
                                      .target = KdsUrl("", vcek.key),
                                      .body = std::string(AsText(vcek.der)),
                                      .content_type = "application/pkix-cert"});
    if (!answer) return Fail(answer.error(), options.json);
    if (answer->status != 204) note(vcek.path, ErrorOf(*answer));
  }
  if (failed) return Fail(*failed, options.json);
  return Print(*client, keys, options.json);
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
  auto client = ThimbleClient::Open(options.flags, options.server, Storage::kDisk);
  if (!client) return Fail(client.error(), options.json);
  const auto keys = KeysOf(*wanted, *client);
  if (!keys) return Fail(keys.error(), options.json);

  std::optional<Error> failed;
  for (const CollateralKey& key : *keys) {
    const Status fetched = client->Fetch(key);
    if (fetched || (options.fmspc && MayBeAbsent(key, fetched.error()))) continue;
    Error error = fetched.error();
    error.message = StrCat(KeyName(key), ": ", error.message);
    if (failed) PrintError(failed->message);
    failed = std::move(error);
  }
  if (failed) return Fail(*failed, options.json);
  return Print(*client, *keys, options.json);
}

}  // namespace thimble
