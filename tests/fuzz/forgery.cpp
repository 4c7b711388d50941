// SPDX-License-Identifier: Apache-2.0
#include "tests/fuzz/forgery.h"

#include <openssl/sha.h>

#include "tcb/check.h"
#include "tcb/pki/pem.h"

namespace thimble::fuzz {
namespace {

// -- the stock: everything there is to take from --

sim::PckSpec Named(const char* name, sim::PckSpec platform) {
  platform.name = name;  // another machine: other keys
  platform.ppid[0] = static_cast<uint8_t>(name[0]);
  return platform;
}

sim::PckSpec RevokedPlatform() {
  sim::PckSpec platform = Named("revoked", sim::ServerPlatform());
  platform.certificate = [](sim::CertificateSpec& spec) { spec.serial = sim::RevokedSerial(); };
  return platform;
}

// Each with another body: by it the oracle knows the platform that a body came from.
std::vector<sim::QuoteOptions> GenuineQuotes() {
  std::vector<sim::QuoteOptions> quotes = {
      {.version = 3, .platform = Named("first", sim::ServerPlatform())},
      {.tdx = true, .version = 4, .platform = Named("second", sim::ServerPlatform())},
      {.tdx = true, .version = 5, .platform = Named("third", sim::ServerPlatform())},
      {.version = 3, .platform = Named("client", sim::ClientPlatform())},
      {.version = 3, .platform = Named("old", sim::ServerPlatform(sim::Tcb::kOutOfDate))},
      {.tdx = true, .version = 4, .platform = RevokedPlatform()}};
  for (uint8_t i = 0; i < quotes.size(); ++i) {
    quotes[i].bend = [i](sim::QuoteSpec& quote) { quote.sgx.report_data[0] = quote.tdx.report_data[0] = i; };
  }
  return quotes;
}

const sim::SimIntel& Intel() {
  static const sim::SimIntel intel = sim::SimIntel::Make();
  return intel;
}
const sim::SimIntel& Forger() {
  static const sim::SimIntel forger = sim::SimIntel::Make({.seed = "forger"});
  return forger;
}

Bytes ToBytes(std::string_view text) { return {text.begin(), text.end()}; }

Parts PartsOf(const sim::SimIntel& world, const sim::QuoteOptions& options) {
  const intel::CollateralSet set = world.CollateralFor(options);
  return {world.Quote(options),
          set.root_ca_crl,
          set.pck_crl,
          set.tcb_info,
          set.qe_identity,
          ToBytes(set.pck_crl_issuer_chain),
          ToBytes(set.tcb_info_issuer_chain),
          ToBytes(set.qe_identity_issuer_chain),
          ToBytes(world.PckChain(options.platform))};
}

// First the genuine ones.
const std::vector<Parts>& Stock() {
  static const std::vector<Parts> stock = [] {
    std::vector<Parts> all;
    for (const auto& options : GenuineQuotes()) all.push_back(PartsOf(Intel(), options));
    for (const bool tdx : {false, true}) all.push_back(PartsOf(Forger(), {.tdx = tdx}));
    return all;
  }();
  return stock;
}

Genuine CollectGenuine() {
  Genuine genuine{.quotes = {},
                  .signed_objects = {},
                  .anchors = Intel().Anchors(),
                  .root_spki = {},
                  .now = Intel().now()};
  for (size_t i = 0; i < GenuineQuotes().size(); ++i) {
    const Parts& parts = Stock()[i];
    const auto verdict =
        intel::VerifyQuoteWith(parts[kQuote], SetOf(parts), genuine.anchors, genuine.now, nullptr);
    const auto quote = intel::ParseQuote(parts[kQuote]);
    Holds(verdict.ok() && quote.ok(), "genuine objects verify");
    genuine.quotes.push_back({Bytes(quote->signed_bytes.begin(), quote->signed_bytes.end()),
                              std::get<intel::PlatformFacts>(verdict->platform), !verdict->authentic});
    for (const auto& item : verdict->collateral) genuine.root_spki = item->anchor_spki();
    for (const auto& [part, member] :
         {std::pair(kTcbInfo, "tcbInfo"), std::pair(kQeIdentity, "enclaveIdentity")}) {
      const auto json = intel::SplitSignedJson(parts[part], member);
      genuine.signed_objects.emplace_back(json->signed_bytes.begin(), json->signed_bytes.end());
    }
    genuine.signed_objects.push_back(parts[kRootCaCrl]);
    genuine.signed_objects.push_back(parts[kPckCrl]);
  }
  return genuine;
}

// -- what can be done --

const sim::SimKey& ForgedKey() {
  static const sim::SimKey key("a forger's key");
  return key;
}

void Put(Bytes& bytes, size_t at, ByteView piece) {
  for (size_t i = 0; i < piece.size() && at + i < bytes.size(); ++i) bytes[at + i] = piece[i];
}
ByteView Slice(ByteView bytes, size_t at, size_t size) {
  at = std::min(at, bytes.size());
  return bytes.subspan(at, std::min(size, bytes.size() - at));
}

void ChangeByte(Parts& parts, Choices& in) {
  Bytes& target = parts[in.Below(kPartCount)];
  if (target.empty()) return;
  uint8_t& byte = target[in.Below(target.size())];
  byte = in.Bool() ? in.U8() : static_cast<uint8_t>(byte ^ 1u << in.U8() % 8);
}

void Remove(Parts& parts, Choices& in) {
  Bytes& target = parts[in.Below(kPartCount)];
  const size_t at = in.Below(target.size() + 1), size = std::min<size_t>(in.U8(), target.size() - at);
  target.erase(target.begin() + static_cast<ptrdiff_t>(at),
               target.begin() + static_cast<ptrdiff_t>(at + size));
}

void Insert(Parts& parts, Choices& in) {
  Bytes& target = parts[in.Below(kPartCount)];
  const size_t at = in.Below(target.size() + 1);
  const ByteView piece = in.Take(in.U8() % 32);
  target.insert(target.begin() + static_cast<ptrdiff_t>(at), piece.begin(), piece.end());
}

// Any bytes of any object over those of another, at its own place or elsewhere.
void CopyOver(Parts& parts, Choices& in) {
  const Bytes& source = Stock()[in.Below(Stock().size())][in.Below(kPartCount)];
  const size_t from = in.Below(source.size() + 1);
  Bytes& target = parts[in.Below(kPartCount)];
  const size_t to = in.Bool() ? from : in.Below(target.size() + 1);
  Put(target, to, Slice(source, from, in.U16()));
}

void TakeWhole(Parts& parts, Choices& in) {
  const size_t from = in.Below(Stock().size()), part = in.Below(kPartCount);
  parts[part] = Stock()[from][part];
}

// Where things lie in the quote as it is now, if it still is one.
std::optional<sim::QuoteOffsets> Locate(const Parts& parts) {
  if (!intel::ParseQuote(parts[kQuote]).ok()) return std::nullopt;
  return sim::LocateQuote(parts[kQuote]);
}

// A field of another quote.
void TakeField(Parts& parts, Choices& in) {
  const Bytes& source = Stock()[in.Below(Stock().size())][kQuote];
  const auto to = Locate(parts);
  if (!to) return;
  const sim::QuoteOffsets from = sim::LocateQuote(source);
  const std::array<std::pair<size_t sim::QuoteOffsets::*, size_t>, 6> fields = {{
      {&sim::QuoteOffsets::body, 384},
      {&sim::QuoteOffsets::signature, 64},
      {&sim::QuoteOffsets::attestation_key, 64},
      {&sim::QuoteOffsets::qe_report, 384},
      {&sim::QuoteOffsets::qe_report_signature, 64},
      {&sim::QuoteOffsets::certification_data, 8192},
  }};
  const auto& [field, size] = fields[in.Below(fields.size())];
  Put(parts[kQuote], (*to).*field, Slice(source, from.*field, size));
}

void SignQuote(Parts& parts, Choices&) {
  const auto at = Locate(parts);
  if (!at) return;
  Put(parts[kQuote], at->attestation_key, ForgedKey().point());
  Put(parts[kQuote], at->signature, ForgedKey().SignRaw(Slice(parts[kQuote], 0, at->signed_size)));
}

// The QE report vouches for the attestation key that the quote holds now; it is signed, if at all, by the forger.
void BindQeReport(Parts& parts, Choices& in) {
  const auto at = Locate(parts);
  const auto quote = intel::ParseQuote(parts[kQuote]);
  if (!at || !quote.ok()) return;
  Put(parts[kQuote], at->qe_report + 320, Sha256(quote->attestation_key, quote->qe_auth_data).view());
  if (in.Bool())
    Put(parts[kQuote], at->qe_report_signature,
        ForgedKey().SignRaw(Slice(parts[kQuote], at->qe_report, 384)));
}

void SignJson(Parts& parts, Choices& in) {
  const bool tcb = in.Bool();
  const char* const member = tcb ? "tcbInfo" : "enclaveIdentity";
  Bytes& body = parts[tcb ? kTcbInfo : kQeIdentity];
  const auto json = intel::SplitSignedJson(body, member);
  if (json.ok()) body = sim::SignJson(member, AsText(json->signed_bytes), ForgedKey());
}

// An empty CRL in a genuine name.
void ForgeCrl(Parts& parts, Choices& in) {
  const bool root = in.Bool();
  const auto empty = [](sim::CrlSpec& crl) {
    crl.revoked.clear();
    crl.signer = ForgedKey();
  };
  if (root) {
    parts[kRootCaCrl] = Intel().RootCaCrl(empty);
  } else {
    parts[kPckCrl] = Intel().PckCrl(in.Bool() ? intel::PckCa::kPlatform : intel::PckCa::kProcessor, empty);
  }
}

// Certificates of any chain in any order, as the chain of the PCK or of an issuer.
void MixChain(Parts& parts, Choices& in) {
  std::string text;
  for (size_t count = 1 + in.Below(4); count > 0; --count) {
    const Parts& source = Stock()[in.Below(Stock().size())];
    const auto blocks =
        DecodePem(AsText(source[kPckCrlChain + in.Below(4)]), "CERTIFICATE", 8, Check::kPckChain);
    if (blocks.ok() && !blocks->empty())
      text += EncodePem((*blocks)[in.Below(blocks->size())], "CERTIFICATE");
  }
  parts[kPckCrlChain + in.Below(4)] = ToBytes(text);
}

using Step = void (*)(Parts&, Choices&);
constexpr Step kSteps[] = {ChangeByte, Remove,       Insert,   CopyOver, TakeWhole, TakeField,
                           SignQuote,  BindQeReport, SignJson, ForgeCrl, MixChain};

}  // namespace

intel::CollateralSet SetOf(const Parts& parts) {
  const auto text = [&](Part part) { return std::string(AsText(parts[part])); };
  return {.root_ca_crl = parts[kRootCaCrl],
          .pck_crl = parts[kPckCrl],
          .tcb_info = parts[kTcbInfo],
          .qe_identity = parts[kQeIdentity],
          .pck_crl_issuer_chain = text(kPckCrlChain),
          .tcb_info_issuer_chain = text(kTcbInfoChain),
          .qe_identity_issuer_chain = text(kQeIdentityChain),
          .pck_chain = text(kPckChain)};
}

const Genuine& GenuineObjects() {
  static const Genuine genuine = CollectGenuine();
  return genuine;
}

Parts Forge(Choices& in) {
  Parts parts = Stock()[in.Below(Stock().size())];
  if (in.Bool()) parts[kPckChain].clear();  // the quote's own chain counts
  for (size_t count = in.U8() % 12; count > 0; --count) kSteps[in.Below(std::size(kSteps))](parts, in);
  return parts;
}

}  // namespace thimble::fuzz
