// SPDX-License-Identifier: Apache-2.0
//
// What lies beside a report is taken where it fits and dropped with a note where not: whatever it is, a genuine report
// stays authentic when what is missing can be had.
#include "tcb/amd/hints.h"

#include <random>

#include "tests/support/der_writer.h"
#include "tests/tcb/amd/cached.h"
#include "tests/tcb/amd/world.h"

namespace thimble::amd {
namespace {

using sim::SimAmd;
using sim::SnpPlatform;
using namespace std::chrono_literals;

using Entries = std::vector<std::pair<std::string, Bytes>>;

const SnpPlatform kMilan = SnpPlatform::Of(Product::kMilan), kTurin = SnpPlatform::Of(Product::kTurin);
const SnpPlatform kVlek = SnpPlatform::Of(Product::kMilan, SigningKey::kVlek);

const SimAmd& Forger() {
  static const SimAmd forger = SimAmd::Make({.seed = "forger"});
  return forger;
}

SnpPlatform Older(SnpPlatform platform) {
  --*platform.tcb.snp;
  return platform;
}
SnpPlatform OtherChip(SnpPlatform platform) {
  platform.chip_id[3] ^= 1;
  return platform;
}

Bytes PemBytes(const Bytes& der, std::string_view label) {
  const std::string pem = sim::ToPem(der, label);
  return {pem.begin(), pem.end()};
}
Bytes TextBytes(std::string_view text) { return {text.begin(), text.end()}; }

Bytes Thim(const SnpPlatform& platform) {
  const auto escaped = [](const std::string& pem) {
    std::string out;
    for (const char c : pem) out += c == '\n' ? "\\n" : std::string(1, c);
    return out;
  };
  return TextBytes(R"({"vcekCert":")" + escaped(sim::ToPem(World().Leaf(platform), "CERTIFICATE")) +
                   R"(","tcbm":"0","certificateChain":")" +
                   escaped(World().ChainPem(platform.product, SigningKey::kVcek)) +
                   R"(","cacheControl":"86400"})");
}

Bytes WithTable(const Bytes& report, const Entries& entries) {
  return sim::der::Concat({report, sim::EncodeCertificateTable(entries)});
}

Result<SnpVerification> Begin(const Bytes& evidence, const EndorsementSet& given = {}) {
  static SignatureMemo memo;
  return SnpVerification::Begin(evidence, given, std::nullopt, WorldAnchors(), World().now(), &memo);
}

// As the service does: what is needed is sought, and then what turns out to be.
Result<Verdict> Complete(const Bytes& evidence, const EndorsementSet& given, const CachedEndorsements& held,
                         AmdCrlMode mode = AmdCrlMode::kRequire) {
  TRY_ASSIGN(auto begun, Begin(evidence, given));
  CachedEndorsements sought;
  if (!begun.failed()) {
    TRY_ASSIGN(const auto keys, begun.needed());
    for (const CollateralKey& key : keys) {
      if (KindOf(key) == ItemKind::kVcek) sought.vcek = held.vcek;
      if (KindOf(key) == ItemKind::kAmdChain) sought.chain = held.chain;
      if (KindOf(key) == ItemKind::kAmdCrl) sought.crl = held.crl;
    }
    if (begun.also_needed(sought)) sought.vcek = held.vcek;
  }
  return std::move(begun).Finish(sought, mode);
}

std::vector<std::string> Dropped(const Verdict& verdict) {
  std::vector<std::string> out;
  for (const Finding& finding : verdict.findings) {
    if (finding.check == Check::kHintDropped) out.push_back(finding.message);
  }
  return out;
}

// Authentic; nothing but notes that hints were dropped.
void ExpectGoodButForNotes(const Result<Verdict>& result) {
  ASSERT_TRUE(result.ok()) << result.error().message;
  EXPECT_TRUE(result->authentic) << Text(*result);
  for (const Finding& finding : FindingsOf(*result)) {
    EXPECT_EQ(finding.check, Check::kHintDropped) << Text(*result);
    EXPECT_EQ(finding.severity, Severity::kNote);
  }
}

struct BadHint {
  const char* name;
  Bytes bytes;
  const char* why;  // in the note
};

// None of them is for a report of kMilan.
const std::vector<BadHint>& BadHints() {
  const auto bad_der = [] {
    Bytes der = World().Leaf(kMilan);
    der.resize(200);
    return der;
  };
  const auto flipped = [](Bytes der) {
    der.back() ^= 1;
    return der;
  };
  const auto expired = [](sim::LeafSpec& leaf) { leaf.validity.not_after = World().now() - 1s; };
  const auto followed = [](Bytes der) {
    der.push_back(7);
    return der;
  };
  static const std::vector<BadHint> hints = {
      {"text", TextBytes("no certificate"), "neither certificate"},
      {"cut short", bad_der(), "neither certificate"},
      {"a SEQUENCE of something else", {0x30, 0x00}, "no certificate"},
      {"followed by something", followed(World().Leaf(kMilan)), "after the end"},
      {"PEM of something else", PemBytes({1, 2, 3}, "PRIVATE KEY"), "neither certificate nor CRL"},
      {"PEM without an end", TextBytes("-----BEGIN CERTIFICATE-----\nAAAA"), "does not end"},
      {"JSON of something else", TextBytes(R"({"a":1})"), "vcekCert"},
      {"JSON cut short", TextBytes(R"({"vcekCert":)"), "THIM document"},
      {"an older TCB's leaf", World().Leaf(Older(kMilan)), "snp: certificate 28, report 29"},
      {"another chip's leaf", World().Leaf(OtherChip(kMilan)), "CHIP_ID"},
      {"another product's leaf", World().Leaf(kTurin), "Turin"},
      {"a VLEK", World().Leaf(kVlek), "signed with a vcek"},
      {"an expired leaf", World().Leaf(kMilan, expired), "expired"},
      {"a forger's leaf", Forger().Leaf(kMilan), "does not hold"},
      {"a bent leaf", flipped(World().Leaf(kMilan)), "does not hold"},
      {"a forger's ASK", Forger().Intermediate(Product::kMilan, SigningKey::kVcek), ""},
      {"an ASVK", World().Intermediate(Product::kMilan, SigningKey::kVlek), ""},
      {"another product's ASK", World().Intermediate(Product::kGenoa, SigningKey::kVcek), ""},
      {"a forger's ARK", Forger().Ark(Product::kMilan), "no trust anchor"},
      {"another product's ARK", World().Ark(Product::kGenoa), "Genoa"},
      {"an older TCB's THIM document", Thim(Older(kMilan)), "snp: certificate 28, report 29"},
  };
  return hints;
}

TEST(Hints, TheWholeTableIsTakenWithoutANote) {
  for (const SnpPlatform& platform : AllPlatforms()) {
    SCOPED_TRACE(NameOf(platform));
    CachedEndorsements crl_only;
    crl_only.crl = Cached(platform).crl;
    ExpectGood(Complete(World().ExtendedReport(platform), {}, crl_only));
  }
}

TEST(Hints, EachBadOneIsDroppedAndTheRestIsSought) {
  const Bytes report = World().Report(kMilan);
  const CachedEndorsements held = Cached(kMilan);
  for (const BadHint& bad : BadHints()) {
    SCOPED_TRACE(bad.name);
    const EndorsementSet caller{.hints = {{"bad.pem", bad.bytes}}};
    for (const auto& result : {Complete(WithTable(report, {{sim::kVcekGuid, bad.bytes}}), {}, held),
                               Complete(report, caller, held)}) {
      ExpectGoodButForNotes(result);
      ASSERT_TRUE(result.ok());
      const auto dropped = Dropped(*result);
      ASSERT_FALSE(dropped.empty());
      EXPECT_NE(dropped.front().find(bad.why), std::string::npos) << dropped.front();
    }
    // The note names the thing.
    const auto by_table = Complete(WithTable(report, {{sim::kVcekGuid, bad.bytes}}), {}, held);
    EXPECT_TRUE(Dropped(*by_table).front().starts_with("certificate table, entry 1 (vcek)"));
    EXPECT_TRUE(Dropped(*Complete(report, caller, held)).front().starts_with("bad.pem"));
  }
}

// With nothing to seek it in, that is no verdict, and the error says what was dropped.
TEST(Hints, WithoutAnythingElseTheLeafIsMissing) {
  const Bytes report = World().Report(kMilan);
  for (const BadHint& bad : BadHints()) {
    SCOPED_TRACE(bad.name);
    const auto result = Complete(report, {.hints = {{"bad.pem", bad.bytes}}}, {});
    ExpectError(result, ErrorKind::kUnavailable, Check::kSnpEndorsementMissing);
    // Whether a leaf that fits is its issuer's, only the chain can tell.
    const bool open = std::string_view(bad.why) == "does not hold";
    EXPECT_EQ(result.error().message.find("dropped: bad.pem") == std::string::npos, open)
        << result.error().message;
  }
}

TEST(Hints, GoodOnesAreFoundAmongBadOnes) {
  const Bytes report = World().Report(kMilan);
  EndorsementSet given;
  for (const BadHint& bad : BadHints()) given.hints.push_back({bad.name, bad.bytes});
  given.hints.resize(12);  // of certificates, at most 16 are read
  for (const Bytes& der : World().Endorsements(kMilan).certificates) given.hints.push_back({"good", der});
  CachedEndorsements crl_only;
  crl_only.crl = Cached(kMilan).crl;
  ExpectGoodButForNotes(Complete(report, given, crl_only));
}

// Any mixture, in any order, by the table or by the caller: the verdict is that of the evidence.
TEST(Hints, NoMixtureChangesTheVerdict) {
  std::mt19937 random(20261130);
  const CachedEndorsements held = Cached(kMilan);
  const Bytes good = World().Report(kMilan),
              forged = World().Report(kMilan, {.bend_signed = [](Bytes&r) { r[0x90] ^= 1; }});
  std::vector<Bytes> pool = World().Endorsements(kMilan).certificates;
  pool.push_back(Thim(kMilan));
  pool.push_back({});
  pool.push_back(Bytes(100));
  for (const BadHint& bad : BadHints()) pool.push_back(bad.bytes);
  const char* const guids[] = {sim::kVcekGuid, sim::kVlekGuid, sim::kAskGuid,
                               sim::kArkGuid,  sim::kCrlGuid,  "ecae0c0f-9502-43b1-afa2-0ae2e0d565b6"};
  for (int round = 0; round < 300; ++round) {
    SCOPED_TRACE(round);
    Entries entries;
    EndorsementSet given;
    for (size_t n = random() % 6; n > 0; --n)
      entries.emplace_back(guids[random() % std::size(guids)], pool[random() % pool.size()]);
    for (size_t n = random() % 4; n > 0; --n)
      given.hints.push_back({std::to_string(n), pool[random() % pool.size()]});
    const auto verdict = Complete(WithTable(good, entries), given, held);
    ExpectGoodButForNotes(verdict);
    const auto refused = Complete(WithTable(forged, entries), given, held);
    ASSERT_TRUE(refused.ok()) << refused.error().message;
    ASSERT_NE(refused->hard(), nullptr);
    EXPECT_EQ(refused->hard()->check, Check::kSnpSignature);
  }
}

TEST(Hints, AreRecognisedByWhatTheyAre) {
  const SnpPlatform& p = kVlek;
  const Bytes report = World().Report(p), leaf = World().Leaf(p), ark = World().Ark(p.product),
              asvk = World().Intermediate(p.product, p.kind);
  CachedEndorsements crl_only;
  crl_only.crl = Cached(p).crl;
  const auto mixed = [](const char* guid) { return sim::MixedEndianGuid(guid); };
  Bytes padded = leaf;
  padded.resize(4096);
  const std::string all =
      sim::ToPem(ark, "CERTIFICATE") + sim::ToPem(leaf, "CERTIFICATE") + sim::ToPem(asvk, "CERTIFICATE");
  const Entries tables[] = {
      {{sim::kVlekGuid, leaf}, {sim::kAskGuid, asvk}, {sim::kArkGuid, ark}},
      {{mixed(sim::kVlekGuid), leaf}, {mixed(sim::kAskGuid), asvk}, {mixed(sim::kArkGuid), ark}},
      {{sim::kArkGuid, leaf}, {sim::kVcekGuid, asvk}, {sim::kVlekGuid, ark}},  // under others' GUIDs
      {{sim::kVlekGuid, padded}, {sim::kAskGuid, asvk}, {sim::kArkGuid, ark}},
      {{sim::kVlekGuid, leaf}, {sim::kVlekGuid, leaf}, {sim::kAskGuid, asvk}, {sim::kArkGuid, ark}},
      {{sim::kVlekGuid, PemBytes(leaf, "CERTIFICATE")}, {sim::kAskGuid, asvk}, {sim::kArkGuid, ark}},
      {{"00000000-1111-2222-3333-444444444444", TextBytes(all)}},
      {{sim::kVlekGuid, leaf}, {sim::kCrlGuid, {}}, {sim::kAskGuid, asvk}, {sim::kArkGuid, ark}},
      {{sim::kVlekGuid, leaf}, {sim::kCrlGuid, Bytes(64)}, {sim::kAskGuid, asvk}, {sim::kArkGuid, ark}},
  };
  for (const Entries& entries : tables) {
    SCOPED_TRACE(&entries - tables);
    ExpectGood(Complete(WithTable(report, entries), {}, crl_only));
  }
}

TEST(Hints, AThimDocumentIsTaken) {
  CachedEndorsements crl_only;
  crl_only.crl = Cached(kMilan).crl;
  ExpectGood(Complete(World().Report(kMilan), {.hints = {{"thim.json", Thim(kMilan)}}}, crl_only));
}

// The table lists another provider's VLEK of the same TCB, too: the signature tells which one it was.
TEST(Hints, OfSeveralVleksTheSignerIsTaken) {
  SnpPlatform other = kVlek;
  other.csp_id = "CN=cc-sim-2.example.com";
  const Entries entries = {{sim::kVlekGuid, World().Leaf(other)},
                           {sim::kVlekGuid, World().Leaf(kVlek)},
                           {sim::kAskGuid, World().Intermediate(Product::kMilan, SigningKey::kVlek)},
                           {sim::kArkGuid, World().Ark(Product::kMilan)}};
  CachedEndorsements crl_only;
  crl_only.crl = Cached(kVlek).crl;
  const auto verdict = Complete(WithTable(World().Report(kVlek), entries), {}, crl_only);
  ExpectGood(verdict);
  EXPECT_EQ(std::get<PlatformFacts>(verdict->platform).csp_id, kVlek.csp_id);
}

// A leaf alone is held against the chain that is sought for it, and sought itself when it does not hold.
TEST(Hints, ALeafWithoutItsChainIsHeldAgainstTheOneThatIsSought) {
  const Bytes report = World().Report(kMilan);
  CachedEndorsements held = Cached(kMilan);
  const ItemPtr vcek = std::exchange(held.vcek, nullptr);
  ExpectGood(Complete(report, {.hints = {{"vcek.pem", World().Leaf(kMilan)}}}, held));
  const EndorsementSet forged{.hints = {{"vcek.pem", Forger().Leaf(kMilan)}}};
  ExpectError(Complete(report, forged, held), ErrorKind::kUnavailable, Check::kSnpEndorsementMissing);
  held.vcek = vcek;
  const auto verdict = Complete(report, forged, held);
  ExpectGoodButForNotes(verdict);
  EXPECT_EQ(Dropped(*verdict).size(), 1u);
}

// ---- CRLs ----

Bytes Crl(std::vector<Bytes> revoked, uint64_t number = 8) {
  return World().Crl(Product::kMilan, [&](sim::CrlSpec& crl) {
    crl.revoked = revoked;
    crl.number = number;
  });
}

TEST(Hints, ABroughtCrlMayRevokeAndSatisfiesNothing) {
  const Bytes report = World().Report(kMilan);
  const CachedEndorsements held = Cached(kMilan);
  CachedEndorsements no_crl = held;
  no_crl.crl = nullptr;
  const Bytes clean = Crl({}), revoking = Crl({{1, 0, 1}}), other = World().Crl(Product::kGenoa);
  const auto by_table = [&](const Bytes& crl, const CachedEndorsements& cached, AmdCrlMode mode) {
    return Complete(WithTable(report, {{sim::kCrlGuid, crl}}), {}, cached, mode);
  };
  const auto by_caller = [&](const Bytes& crl, const CachedEndorsements& cached, AmdCrlMode mode) {
    return Complete(report, {.hints = {{"crl", crl}}}, cached, mode);
  };
  for (const auto& judge : {std::function(by_table), std::function(by_caller)}) {
    ExpectError(judge(clean, no_crl, AmdCrlMode::kRequire), ErrorKind::kUnavailable, Check::kSnpCrlMissing);
    ExpectError(judge(other, no_crl, AmdCrlMode::kRequire), ErrorKind::kUnavailable, Check::kSnpCrlMissing);
    const auto open = judge(clean, no_crl, AmdCrlMode::kIfAvailable);
    ExpectGood(open);
    EXPECT_EQ(open->checks.Get(Check::kSnpRevoked), CheckResult::kNotRun);
    ExpectGood(judge(clean, held, AmdCrlMode::kRequire));
    for (const AmdCrlMode mode : {AmdCrlMode::kRequire, AmdCrlMode::kIfAvailable}) {
      ExpectOnly(judge(revoking, held, mode), Check::kSnpRevoked, Severity::kHard);
      ExpectOnly(judge(revoking, no_crl, mode), Check::kSnpRevoked, Severity::kHard);
    }
    ExpectGood(judge(revoking, held, AmdCrlMode::kOff));
  }
  EXPECT_NE(by_table(revoking, held, AmdCrlMode::kRequire)->hard()->message.find("the host brought"),
            std::string::npos);
  // A newer one of the host's, which may be of the other kind of key, takes nothing back.
  CachedEndorsements revoked = held;
  revoked.crl = CrlItem(kMilan, revoking);
  ExpectOnly(by_table(Crl({}, 99), revoked, AmdCrlMode::kRequire), Check::kSnpRevoked, Severity::kHard);
}

TEST(Hints, AForgedOrFutureCrlRevokesNothing) {
  const Bytes report = World().Report(kMilan);
  const CachedEndorsements held = Cached(kMilan);
  const Bytes forged = Forger().Crl(Product::kMilan, [](sim::CrlSpec& crl) { crl.revoked = {{1, 0, 1}}; });
  const Bytes future = World().Crl(Product::kMilan, [](sim::CrlSpec& crl) {
    crl.revoked = {{1, 0, 1}};
    crl.window.not_before = World().now() + 301s;
  });
  for (const Bytes& crl : {forged, future})
    EXPECT_TRUE(Complete(WithTable(report, {{sim::kCrlGuid, crl}}), {}, held)->authentic);
  auto begun = Begin(WithTable(report, {{sim::kCrlGuid, forged}, {sim::kCrlGuid, Crl({})}}));
  const auto brought = begun->brought_crls(held);
  ASSERT_EQ(brought.size(), 1u);
  EXPECT_EQ(brought.front().by, BroughtBy::kHost);
  EXPECT_EQ(brought.front().name, "certificate table, entry 2 (crl)");
}

// ---- as given ----

TEST(Hints, AsGivenTheyAreJudgedAsTheyAre) {
  const Bytes report = World().Report(kMilan);
  const auto given = [&](const SnpPlatform& platform) {
    EndorsementSet set;
    for (const Bytes& der : World().Endorsements(platform).certificates) set.hints.push_back({"hint", der});
    set.hints.push_back({"crl", World().Crl(Product::kMilan)});
    set.hints.push_back({"text", TextBytes("no certificate")});
    return AsGiven(set);
  };
  ExpectGoodButForNotes(Complete(report, given(kMilan), {}));
  const auto other = Complete(report, given(OtherChip(kMilan)), Cached(kMilan));
  ASSERT_TRUE(other.ok());
  EXPECT_EQ(other->hard()->check, Check::kSnpChipId);
  EndorsementSet two;
  two.hints = {{"a", World().Leaf(kMilan)}, {"b", World().Leaf(kTurin)}, {"c", Crl({})}, {"d", Crl({{1}})}};
  const EndorsementSet first = AsGiven(two);
  EXPECT_EQ(first.certificates, (std::vector<Bytes>{World().Leaf(kMilan)}));
  EXPECT_EQ(first.crl, Crl({}));
  EXPECT_EQ(first.hints.size(), 2u);
}

// ---- masked chip ids ----

sim::ReportSpec Masked() {
  return {.bend = [](Bytes& r) { std::fill_n(r.begin() + 0x1a0, 64, uint8_t{0}); }};
}

TEST(Hints, AMaskedReportNeedsItsLeafBesideIt) {
  const Bytes report = World().Report(kMilan, Masked());
  const auto alone = Begin(report);
  ASSERT_TRUE(alone.ok());
  ExpectError(alone->needed(), ErrorKind::kUnavailable, Check::kSnpEndorsementMissing);
  EXPECT_NE(alone->needed().error().message.find("masks"), std::string::npos);
  CachedEndorsements held = Cached(kMilan);
  held.vcek = nullptr;
  const auto with = Complete(WithTable(report, {{sim::kVcekGuid, World().Leaf(OtherChip(kMilan))},
                                                {sim::kVcekGuid, World().Leaf(kMilan)}}),
                             {}, held);
  ExpectOnly(with, Check::kSnpChipIdMasked, Severity::kSoft);
  const auto& facts = std::get<PlatformFacts>(with->platform);
  EXPECT_EQ(facts.hwid, kMilan.hwid());
  EXPECT_EQ(ChipOf(std::get<SnpClaims>(with->claims), facts), ChipId(kMilan.chip_id));
}

}  // namespace
}  // namespace thimble::amd
