// SPDX-License-Identifier: Apache-2.0
//
// What lies beside a report is taken where it fits and dropped with a note where not: whatever it is, a genuine report
// stays authentic when what is missing can be had.
#include "tcb/amd/hints.h"

#include <random>

#include "tests/tcb/amd/hint_world.h"

namespace thimble::amd {
namespace {

using sim::SnpPlatform;
using namespace std::chrono_literals;

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
