// SPDX-License-Identifier: Apache-2.0
#include "tcb/tcb_record.h"

#include <gtest/gtest.h>

#include "tcb/check.h"
#include "tests/tcb/policy/good_evidence.h"

namespace thimble {
namespace {

RememberedTcb Remembered(const Verdict& verdict) { return {TcbOf(verdict).value(), 3, kPolicyNow}; }

// `text` with the first occurrence of `from` changed.
std::string Edited(std::string text, std::string_view from, std::string_view to) {
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(TcbRecord, ReadsWhatItWrote) {
  Verdict no_cpuid = GoodSnp();
  ClaimsOf<amd::SnpClaims>(no_cpuid).cpuid.reset();
  Verdict turin = GoodSnp();
  auto& claims = ClaimsOf<amd::SnpClaims>(turin);
  for (auto* tcb : {&claims.reported_tcb, &claims.committed_tcb, &claims.current_tcb, &claims.launch_tcb})
    *tcb = {amd::Product::kTurin, 1, 1, 4, 81, uint8_t{2}};
  claims.launch_mit_vector.reset();
  claims.current_mit_vector.reset();
  claims.policy = 0;
  Verdict processor_ca = GoodSgx();
  auto& facts = FactsOf<intel::PlatformFacts>(processor_ca);
  facts.ca = intel::PckCa::kProcessor;
  facts.dynamic_platform = facts.cached_keys = facts.smt_enabled = std::nullopt;
  for (const Verdict& verdict :
       {GoodSgx(), GoodTdx10(), GoodTdx15(), GoodSnp(), no_cpuid, turin, processor_ca}) {
    const RememberedTcb written = Remembered(verdict);
    const auto read = DecodeRememberedTcb(Encode(written));
    ASSERT_TRUE(read.ok()) << read.error().message;
    EXPECT_EQ(read->tcb, written.tcb) << Encode(written);
    EXPECT_EQ(read->count, 3u);
    EXPECT_EQ(read->last_seen, kPolicyNow);
  }
}

TEST(TcbRecord, HasThisText) {
  EXPECT_EQ(Encode(Remembered(GoodTdx15())),
            R"({"version":1,"tee":"tdx","fmspc":"010101010101","pce_id":"0000","pck_ca":"platform",)"
            R"("sgx_type":"Scalable","sgx":"00000000000000000000000000000000","pcesvn":0,)"
            R"("tdx":"07010300000000000000000000000000","tdx_current":"07010300000000000000000000000000",)"
            R"("qe_isvsvn":8,"dynamic_platform":false,"cached_keys":false,"smt_enabled":false,"count":3,)"
            R"("last_seen":"2026-06-01T00:00:00Z"})");
  EXPECT_EQ(
      Encode(Remembered(GoodSnp())),
      R"({"version":2,"tee":"snp","product":"Genoa","reported_tcb":"0900000000001754",)"
      R"("committed_tcb":"0900000000001855","current_tcb":"0900000000001956","launch_tcb":"0900000000001653",)"
      R"("family":25,"model":17,"stepping":1,"platform_info":36,"committed_version":"013725",)"
      R"("current_version":"013728","launch_mit_vector":5,"current_mit_vector":7,"smt_permitted":true,)"
      R"("count":3,"last_seen":"2026-06-01T00:00:00Z"})");
}

// Before floors looked at the others, REPORTED_TCB alone was kept.
TEST(TcbRecord, ReadsWhatVersion1Wrote) {
  const auto read = DecodeRememberedTcb(
      R"({"version":1,"tee":"snp","product":"Genoa","reported_tcb":"0900000000001754","family":25,"model":17,)"
      R"("stepping":1,"platform_info":36,"count":3,"last_seen":"2026-06-01T00:00:00Z"})");
  ASSERT_TRUE(read.ok()) << read.error().message;
  const auto& tcb = std::get<AmdTcbRecord>(read->tcb);
  EXPECT_EQ(tcb.committed, tcb.reported);
  EXPECT_EQ(tcb.launch, tcb.reported);
  EXPECT_EQ(tcb.committed_version, (amd::FirmwareVersion{255, 255, 255}));
  EXPECT_FALSE(tcb.current_mit_vector);
  EXPECT_TRUE(tcb.smt_permitted);
}

TEST(TcbRecord, BecomesTheClaimsThatFloorsJudge) {
  const Verdict good = GoodSnp();
  const auto& claims = std::get<amd::SnpClaims>(good.claims);
  const amd::SnpClaims back = ClaimsOf(std::get<AmdTcbRecord>(TcbOf(good).value()));
  EXPECT_EQ(back.reported_tcb, claims.reported_tcb);
  EXPECT_EQ(back.launch_tcb, claims.launch_tcb);
  EXPECT_EQ(back.cpuid, claims.cpuid);
  EXPECT_EQ(back.committed_version, claims.committed_version);
  EXPECT_EQ(back.current_mit_vector, claims.current_mit_vector);
  EXPECT_EQ(back.version, 5u);
}

TEST(TcbRecord, NamesNoPlatform) {
  Verdict one = GoodTdx15(), other = GoodTdx15();
  auto& facts = FactsOf<intel::PlatformFacts>(other);
  facts.ppid = Filled<intel::Ppid>(0x77);
  facts.pck_serial = {1};
  facts.platform_instance_id = Filled<intel::PlatformInstanceId>(0x78);
  ClaimsOf<intel::TdxClaims>(other).report_data = Filled<ReportData>(0x79);
  EXPECT_EQ(TcbKey(*TcbOf(one)), TcbKey(*TcbOf(other)));
  FactsOf<intel::PlatformFacts>(other).cpu_svn[15] = 1;
  EXPECT_NE(TcbKey(*TcbOf(one)), TcbKey(*TcbOf(other)));

  Verdict snp = GoodSnp(), same = GoodSnp();
  ClaimsOf<amd::SnpClaims>(same).chip_id = Filled<amd::ChipId>(0x77);
  EXPECT_EQ(TcbKey(*TcbOf(snp)), TcbKey(*TcbOf(same)));
}

TEST(TcbRecord, RemembersNothingOfStrangers) {
  for (Verdict verdict : {GoodSgx(), GoodTdx10(), GoodSnp()}) {
    verdict.authentic = false;
    EXPECT_FALSE(TcbOf(verdict).has_value());
  }
}

TEST(TcbRecord, OfACertificateAloneIsOfSgxWithoutAQuotingEnclave) {
  const TcbRecord record = TcbOf(FactsOf<intel::PlatformFacts>(*std::make_unique<Verdict>(GoodTdx15())));
  const auto& tcb = std::get<IntelTcbRecord>(record);
  EXPECT_EQ(tcb.tee, IntelTee::kSgx);
  EXPECT_FALSE(tcb.qe_isv_svn.has_value());
  EXPECT_FALSE(tcb.tee_tcb_svn.has_value());
}

TEST(TcbRecord, RefusesWhatItDoesNotKnow) {
  const std::string tdx = Encode(Remembered(GoodTdx15())), snp = Encode(Remembered(GoodSnp()));
  const std::vector<std::pair<std::string, std::string_view>> bad = {
      {Edited(tdx, R"("version":1)", R"("version":2)"), "version 2"},
      {Edited(tdx, R"("tee":"tdx")", R"("tee":"cca")"), "cca"},
      {Edited(tdx, R"("tee":"tdx")", R"("tee":"sgx")"), "TDX components"},
      {Edited(tdx, R"("tdx":"07010300000000000000000000000000",)", ""), "TDX components"},
      {Edited(tdx, R"("count":3)", R"("count":3,"ppid":"00")"), "ppid"},
      {Edited(tdx, R"("fmspc":"010101010101",)", ""), "fmspc"},
      {Edited(tdx, R"("fmspc":"01)", R"("fmspc":")"), "6 bytes"},
      {Edited(tdx, R"("pcesvn":0)", R"("pcesvn":65536)"), "65536"},
      {Edited(tdx, R"("qe_isvsvn":8)", R"("qe_isvsvn":"8")"), "integer"},
      {Edited(tdx, "2026-06-01", "2026-06-31"), "last_seen"},
      {Edited(snp, "Genoa", "Siena"), "Siena"},
      {Edited(snp, R"("version":2)", R"("version":3)"), "version 3"},
      {Edited(snp, R"("version":2)", R"("version":0)"), "version 0"},
      {Edited(snp, R"("launch_tcb":"0900000000001653",)", ""), "launch_tcb"},
      {Edited(snp, R"("smt_permitted":true,)", ""), "smt_permitted"},
      {Edited(snp, R"("model":17)", R"("model":256)"), "256"},
      {Edited(snp, R"("stepping":1,)", ""), "stepping"},
      {"[]", ""},
  };
  for (const auto& [text, reason] : bad) {
    const auto read = DecodeRememberedTcb(text);
    ASSERT_FALSE(read.ok()) << text;
    EXPECT_EQ(read.error().check, Check::kStoreCorrupt);
    EXPECT_NE(read.error().message.find(reason), std::string::npos) << read.error().message;
  }
}

}  // namespace
}  // namespace thimble
