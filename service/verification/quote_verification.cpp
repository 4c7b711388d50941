// SPDX-License-Identifier: Apache-2.0
//
// Verification of SGX and TDX quotes: their collateral from caller, cache and history.
#include "cache/admission.h"
#include "service/baselines/evaluation.h"
#include "service/verification/at_hand.h"
#include "service/verification/verification.h"
#include "tcb/base/text.h"
#include "tcb/check.h"
#include "tcb/collateral.h"
#include "tcb/keys_to_verify.h"
#include "tcb/openenclave/evidence.h"
#include "tcb/pki/pem.h"

namespace thimble {
namespace {

using Outcome = VerificationOutcome;
using Keys = std::array<CollateralKey, 4>;

constexpr size_t kMaxChain = 8;

// Authentic, and yet nothing that could be held for the key: another platform's, another number's, tomorrow's.
bool IsOfNoAccount(const Error& error) {
  return error.check == Check::kCollateralMismatch || error.check == Check::kCollateralFromFuture ||
         error.check == Check::kSigningChainExpired || error.check == Check::kSigningChainNotYetValid;
}

// The member of the set that an item of this kind is, with its issuer chain.
void PutInto(intel::CollateralSet& set, const CollateralItem& item, ItemKind kind) {
  switch (kind) {
    case ItemKind::kRootCaCrl:
      set.root_ca_crl = item.body();
      return;
    case ItemKind::kPckCrl:
      set.pck_crl = item.body();
      set.pck_crl_issuer_chain = item.issuer_chain();
      return;
    case ItemKind::kTcbInfo:
      set.tcb_info = item.body();
      set.tcb_info_issuer_chain = item.issuer_chain();
      return;
    default:
      set.qe_identity = item.body();
      set.qe_identity_issuer_chain = item.issuer_chain();
      return;
  }
}

bool Has(const intel::CollateralSet& set, ItemKind kind) {
  const Bytes& body = kind == ItemKind::kRootCaCrl ? set.root_ca_crl
                      : kind == ItemKind::kPckCrl  ? set.pck_crl
                      : kind == ItemKind::kTcbInfo ? set.tcb_info
                                                   : set.qe_identity;
  return !body.empty();
}

// The caller's set has been filled with these: the others in it are the caller's.
std::vector<UsedCollateral> UsedBeside(const Verdict& verdict, const std::vector<ItemPtr>& history) {
  std::vector<UsedCollateral> used;
  for (const ItemPtr& item : verdict.collateral) {
    const auto past = std::ranges::find_if(
        history, [&](const ItemPtr& other) { return other->sha256() == item->sha256(); });
    const bool server = past != history.end();
    used.push_back({item->name(), item->sha256(), item->window(), server ? (*past)->source() : "",
                    server ? BroughtBy::kServer : BroughtBy::kCaller});
  }
  return used;
}

// Root CA CRL, PCK CRL, TCB info, identity: in this order.
Keys KeysFor(const intel::NeededCollateral& needed, const Selector& selector) {
  const auto keys = KeysToVerify(needed.tee, needed.fmspc, needed.ca, selector);
  return {keys.at(0), keys.at(1), keys.at(2), keys.at(3)};
}

}  // namespace

// What the caller brought that is authentic, in the order of the keys; null: nothing.
struct Verification::Brought {
  std::array<ItemPtr, 4> items;
  std::vector<std::string> dropped;  // what does not count, and why
  std::optional<Error> rejected;     // an item that fails its signature or chain: it was altered
};

// What a decision about now rests on.
struct Verification::Collected {
  intel::VerifiedCollateral items;
  std::vector<std::string> dropped;
  std::optional<Error> not_held;
};

Verification::Judged Verification::RunQuote(const VerificationRequest& request, ByteView quote, Instant at,
                                            const Addition& addition) {
  const bool as_brought = IsJudgedAsBrought(request) || (request.at && request.collateral);
  return as_brought ? RunQuoteAsBrought(request, quote, at, addition)
                    : RunQuoteByItems(request, quote, at, addition);
}

// By the caller's set; about another time, what is not in it is the history's. What the evidence alone shows stands
// beside the answer when an item is missing.
Verification::Judged Verification::RunQuoteAsBrought(const VerificationRequest& request, ByteView quote,
                                                     Instant at, const Addition& addition) {
  intel::CollateralSet set = *request.collateral;
  const auto judge_alone = [&] {
    const auto begun = intel::QuoteVerification::Begin(quote, set.pck_chain, anchors_, at, &memo_, nullptr);
    Verdict so_far = begun ? begun->verdict() : Verdict{};
    if (begun && addition) addition(so_far);
    return so_far;
  };
  // What lies around the evidence is judged before collateral on this road, too.
  Verdict around = addition ? judge_alone() : Verdict{};
  if (around.hard() != nullptr) return Outcome::Of(std::move(around));
  const auto history = request.at ? FillFromHistory(request, quote, set) : std::vector<ItemPtr>();
  auto verdict =
      history ? intel::VerifyQuoteWith(quote, set, anchors_, at, &memo_) : Result<Verdict>(history.error());
  if (verdict) {
    if (addition) addition(*verdict);
    Outcome outcome = Outcome::Of(std::move(verdict).value());
    outcome.collateral = UsedBeside(outcome.verdict, *history);
    return outcome;
  }
  Verdict so_far = judge_alone();
  if (so_far.hard() != nullptr) return Outcome::Of(std::move(so_far));
  return Outcome::Failed(std::move(verdict).error(), std::move(so_far));
}

// The history's items of that time, for what the set lacks. Evidence that does not hold by itself needs none.
Result<std::vector<ItemPtr>> Verification::FillFromHistory(const VerificationRequest& request, ByteView quote,
                                                           intel::CollateralSet& set) {
  std::vector<ItemPtr> filled;
  const auto begun = Begin(request, quote, *request.at);
  if (!begun || begun->failed()) return filled;
  std::vector<CollateralKey> lacking;
  for (const CollateralKey& key : KeysFor(begun->needed(), Selector{})) {
    if (!Has(set, KindOf(key))) lacking.push_back(key);
  }
  if (lacking.empty()) return filled;
  TRY_ASSIGN(const Selector selector, SelectorFor(request, begun->needed().tee));
  for (const CollateralKey& key : KeysFor(begun->needed(), selector)) {
    if (Has(set, KindOf(key))) continue;
    TRY_ASSIGN(ItemPtr item, Item(key, request.at));
    PutInto(set, *item, KindOf(key));
    filled.push_back(std::move(item));
  }
  return filled;
}

// Item by item: about now the newest at hand, about another time the history's.
Verification::Judged Verification::RunQuoteByItems(const VerificationRequest& request, ByteView quote,
                                                   Instant at, const Addition& addition) {
  auto begun = Begin(request, quote, at);
  if (!begun) return Outcome::Failed(std::move(begun).error());
  Verdict so_far = begun->verdict();
  if (addition) addition(so_far);
  if (so_far.hard() != nullptr) return Outcome::Of(std::move(so_far));

  const auto selector = SelectorFor(request, begun->needed().tee);
  if (!selector) return Outcome::Failed(selector.error(), std::move(so_far));
  const Keys keys = KeysFor(begun->needed(), *selector);
  auto brought = AuthenticateBrought(request, quote, keys);
  if (!brought) return Outcome::Failed(std::move(brought).error(), std::move(so_far));
  if (brought->rejected) {
    Verdict rejected = std::move(*begun).FinishRejected(*brought->rejected, {});
    if (addition) addition(rejected);
    return Outcome::Of(std::move(rejected));
  }
  auto collected = Collect(keys, request, *brought);
  if (!collected) return Outcome::Failed(std::move(collected).error(), std::move(so_far));

  for (const auto* dropped : {&brought->dropped, &collected->dropped}) {
    for (const std::string& what : *dropped) begun->Note(Check::kCollateralDropped, what);
  }
  Verdict verdict = std::move(*begun).Finish(collected->items);
  if (addition) addition(verdict);
  Judged judged = Outcome::Of(std::move(verdict));
  judged.not_held = std::move(collected->not_held);
  return judged;
}

Result<Selector> Verification::SelectorFor(const VerificationRequest& request, IntelTee tee) {
  const EvaluationChoice& choice = request.baseline.intel;
  if (choice.delay && cache_ == nullptr) {
    return Error{ErrorKind::kUnavailable, Check::kCollateralMissing,
                 StrCat(KeyName(EvaluationNumbersKey{tee}), ": nothing is held here, and nobody is asked")};
  }
  if (!choice.delay) return choice.selector;
  return SelectorOf(choice, tee, *cache_, request.at.value_or(clock_.Now()),
                    request.at ? ListOf::kThen : ListOf::kNow);
}

Result<Verification::Brought> Verification::AuthenticateBrought(const VerificationRequest& request,
                                                                ByteView quote, const Keys& keys) const {
  Brought brought;
  if (!request.collateral) return brought;
  for (const intel::ItemBytes& given : intel::ItemsIn(*request.collateral, quote)) {
    const auto key = std::ranges::find_if(keys, [&](const auto& k) { return KindOf(k) == given.kind; });
    const auto drop = [&](std::string_view why) {
      brought.dropped.push_back(StrCat(KeyName(*key), " of the caller: ", why));
    };
    if (given.bytes.issuer_chain.empty()) {
      drop("without its issuer chain");
      continue;
    }
    auto item = AuthenticateItem(*key, given.bytes, anchors_);
    const Status admissible = item ? CheckAdmissible(*key, **item, clock_.Now()) : Status(item.error());
    if (admissible) {
      brought.items.at(static_cast<size_t>(key - keys.begin())) = *std::move(item);
    } else if (admissible.error().kind == ErrorKind::kMalformed) {
      return admissible.error();
    } else if (IsOfNoAccount(admissible.error())) {
      drop(admissible.error().message);
    } else {
      brought.rejected = admissible.error();
      return brought;
    }
  }
  return brought;
}

Result<Verification::Collected> Verification::Collect(const Keys& keys, const VerificationRequest& request,
                                                      const Brought& brought) {
  Collected out;
  const auto held = Items({keys.begin(), keys.end()}, request.at);
  ItemPtr* const places[] = {&out.items.root_ca_crl, &out.items.pck_crl, &out.items.tcb_info,
                             &out.items.qe_identity};
  for (size_t i = 0; i < keys.size(); ++i) {
    const auto& own = held.at(i);
    const ItemPtr& others = brought.items.at(i);
    if (!others) {
      TRY(own);
      *places[i] = *own;
      continue;
    }
    NewestAtHand newest = ChooseNewest(own ? *own : nullptr, {{others, BroughtBy::kCaller}});
    *places[i] = newest.chosen.item;
    if (!own && !out.not_held) out.not_held = own.error();
    if (newest.server_is_behind && cache_ != nullptr) cache_->RefreshSoon(keys.at(i), clock_.Now());
    for (std::string& what : newest.dropped) out.dropped.push_back(std::move(what));
  }
  return out;
}

// The caller's chain, where there is one; else the quote's own, or the one that is found by what it holds instead.
Result<intel::QuoteVerification> Verification::Begin(const VerificationRequest& request, ByteView quote,
                                                     Instant at) {
  const std::string_view given = request.collateral ? request.collateral->pck_chain : std::string_view();
  auto begun = intel::QuoteVerification::Begin(quote, given, anchors_, at, &memo_, nullptr);
  if (begun.ok() || begun.error().check != Check::kPckMissing || !pck_chain_) return begun;
  TRY_ASSIGN(const std::string chain, PckChainOf(quote));
  return intel::QuoteVerification::Begin(quote, chain, anchors_, at, &memo_, nullptr);
}

// The quote's own; or the one that is found by what the quote holds instead (certification data 1 to 3).
Result<std::string> Verification::PckChainOf(ByteView evidence) const {
  TRY_ASSIGN(const intel::Quote quote, intel::ParseQuote(evidence));
  if (quote.certification_type == intel::CertificationDataType::kPckChain) {
    TRY_ASSIGN(const auto ders,
               DecodePem(AsText(quote.certification_data), "CERTIFICATE", kMaxChain, Check::kQuoteFormat));
    std::string chain;
    for (const Bytes& der : ders) chain += EncodePem(der, "CERTIFICATE");
    return chain;
  }
  const auto lookup = intel::ParsePckLookup(quote);
  // The short form names no PCE: there has only been number 0.
  const auto pce_id = lookup ? lookup->pce_id.value_or(intel::PceId()) : intel::PceId();
  const auto platform = lookup ? intel::PlatformId::From(lookup->qe_id.hex(), pce_id) : std::nullopt;
  if (platform && pck_chain_) {
    const bool encrypted = quote.certification_type == intel::CertificationDataType::kPpidRsa3072;
    const auto ppid = encrypted ? intel::EncryptedPpid::From(lookup->ppid) : std::nullopt;
    return pck_chain_(*platform, {lookup->cpu_svn, lookup->pce_svn}, ppid);
  }
  return Error{ErrorKind::kUnavailable, Check::kPckMissing,
               StrCat("certification data type ", static_cast<int>(quote.certification_type),
                      " names no platform to find a PCK certificate by")};
}

Result<intel::VerifiedCollateral> Verification::Gather(const VerificationRequest& request) {
  TRY_ASSIGN(const ByteView quote, openenclave::QuoteIn(request.evidence));
  TRY_ASSIGN(const auto begun, Begin(request, quote, request.at.value_or(clock_.Now())));
  if (const Finding* hard = begun.verdict().hard()) {
    return Error{ErrorKind::kRejected, hard->check, hard->message};
  }
  TRY_ASSIGN(const Selector selector, SelectorFor(request, begun.needed().tee));
  TRY_ASSIGN(Collected collected, Collect(KeysFor(begun.needed(), selector), request, {}));
  TRY_ASSIGN(collected.items.pck_chain, PckChainOf(quote));
  return std::move(collected.items);
}

}  // namespace thimble
