// SPDX-License-Identifier: Apache-2.0
//
// Custom claims: bound by the report data, whether or not anybody asks for them.
#include "tests/tcb/openenclave/world.h"

namespace thimble::openenclave {
namespace {

Bytes PluginEvidence(const Bytes& claims, sim::Bend<sim::QuoteSpec> bend = {}) {
  return Joined(World().Quote(sim::Binding(claims, {.bend = std::move(bend)})), claims);
}

TEST(CustomClaims, AreBoundByTheReportData) {
  const Bytes claims = BytesOf("these and no others");
  for (const Bytes& some : {claims, Bytes{}}) {
    EXPECT_EQ(FailsOn(Judge(PluginEvidence(some))), "");
    EXPECT_EQ(FailsOn(Judge(sim::EncodeOeEvidence(PluginEvidence(some)))), "");
    const Bytes more = sim::EncodeOeEvidence(Joined(PluginEvidence(some), Bytes{0}));
    EXPECT_EQ(FailsOn(Judge(more)), "oe.custom_claims");
  }
  Bytes bent = sim::EncodeOeEvidence(PluginEvidence(claims));
  bent.back() ^= 1;
  EXPECT_EQ(FailsOn(Judge(bent)), "oe.custom_claims");
  bent.pop_back();
  const Bytes cut = sim::EncodeOeEvidence(Bytes(bent.begin() + 32, bent.end()));
  EXPECT_EQ(FailsOn(Judge(cut)), "oe.custom_claims");
}

// Open Enclave compares 32 bytes; what stands behind them would be bound to nothing.
TEST(CustomClaims, ZerosFollowTheHash) {
  for (const size_t at : {32, 63}) {
    const Bytes bad =
        PluginEvidence(BytesOf("claims"), [at](sim::QuoteSpec& spec) { spec.sgx.report_data.at(at) = 1; });
    EXPECT_EQ(FailsOn(Judge(sim::EncodeOeEvidence(bad))), "oe.custom_claims");
  }
}

// Without a header it is plug-in evidence where the report data says so, or the sender does.
TEST(CustomClaims, TellPluginEvidenceFromAQuote) {
  const Bytes claims = BytesOf("claims");
  const auto verdict = Judge(PluginEvidence(claims));
  ASSERT_EQ(FailsOn(verdict), "");
  EXPECT_EQ(verdict->open_enclave->format, Format::kPluginEvidence);
  EXPECT_EQ(verdict->open_enclave->custom_claims->bytes, claims);

  const Bytes appended = Joined(PluginEvidence(claims), Bytes{1});
  EXPECT_EQ(DetectEvidence(appended).value(), EvidenceKind::kQuote);
  EXPECT_EQ(FailsOn(Judge(ParseAsPluginEvidence(appended))), "oe.custom_claims");
  const Bytes bare = World().Quote();
  EXPECT_EQ(FailsOn(Judge(ParseAsPluginEvidence(bare))), "oe.custom_claims");
  EXPECT_EQ(FailsOn(Judge(ParseAsPluginEvidence(World().Quote({.tdx = true})))), "oe.format");
}

TEST(CustomClaims, AreShownOnlyWhenTheyAreBound) {
  const Bytes claims = sim::EncodeCustomClaims({{"build", BytesOf("17")}, {"", {}}});
  const Bytes good = sim::EncodeOeEvidence(PluginEvidence(claims));
  const auto verdict = Judge(good);
  ASSERT_EQ(FailsOn(verdict), "");
  const CustomClaims& shown = *verdict->open_enclave->custom_claims;
  EXPECT_EQ(shown.size, claims.size());
  EXPECT_EQ(shown.sha256, Sha256(claims));
  EXPECT_EQ(shown.list, (std::vector<CustomClaim>{{"build", BytesOf("17")}, {"", {}}}));

  Bytes bad = good;
  bad.back() ^= 1;
  const auto refused = Judge(bad);
  ASSERT_EQ(FailsOn(refused), "oe.custom_claims");
  EXPECT_EQ(refused->open_enclave->custom_claims->size, claims.size());
  EXPECT_TRUE(refused->open_enclave->custom_claims->bytes.empty());
  EXPECT_TRUE(refused->open_enclave->custom_claims->list.empty());
}

TEST(CustomClaims, OfAnotherSerialiserAreOpaque) {
  const Bytes good = sim::EncodeCustomClaims({{"a", BytesOf("1")}});
  ASSERT_TRUE(ParseCustomClaims(good).has_value());
  const auto with = [&](size_t offset, uint8_t value) {
    Bytes bent = good;
    bent.at(offset) = value;
    return ParseCustomClaims(bent).has_value();
  };
  EXPECT_TRUE(with(0, 1));
  EXPECT_FALSE(with(0, 2)) << "version";
  EXPECT_FALSE(with(8, 2)) << "a claim too many";
  EXPECT_FALSE(with(8, 0)) << "a claim too few";
  EXPECT_FALSE(with(15, 0x80)) << "2^63 claims";
  EXPECT_FALSE(with(16, 0)) << "a name without its NUL";
  EXPECT_FALSE(with(23, 0x80)) << "a name of 2^63 bytes";
  EXPECT_FALSE(with(31, 0x80)) << "a value of 2^63 bytes";
  EXPECT_FALSE(with(33, 'b')) << "a name that no NUL ends";
  EXPECT_FALSE(ParseCustomClaims(Joined(good, Bytes{0})).has_value());
  EXPECT_FALSE(ParseCustomClaims({}).has_value());
  const auto opaque = Judge(PluginEvidence(BytesOf("opaque")));
  EXPECT_EQ(FailsOn(opaque), "");
  EXPECT_TRUE(opaque->open_enclave->custom_claims->list.empty());
}

TEST(HeldData, AreTheReportDataOfAReport) {
  const Bytes held = BytesOf("a public key");
  const Bytes report = sim::EncodeOeReport(World().Quote(sim::Binding(held)));
  for (const auto& [data, check] : {std::pair(held, ""),
                                    {BytesOf("a public kez"), "report_data.mismatch"},
                                    {Bytes{}, "report_data.mismatch"}}) {
    auto verdict = Judge(report);
    ASSERT_TRUE(verdict.ok());
    CheckRuntimeData(*verdict, data);
    EXPECT_EQ(FailsOn(verdict), check);
  }
}

}  // namespace
}  // namespace thimble::openenclave
