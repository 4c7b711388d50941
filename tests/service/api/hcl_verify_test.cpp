// SPDX-License-Identifier: Apache-2.0
//
// POST /v1/verify of HCL reports: of SEV-SNP and TDX guests, with and without a quote of the vTPM.
#include "tests/service/api/snp_requests.h"

namespace thimble {
namespace {

using nlohmann::json;
using test::CheckIn;
using test::FindingsOf;
using test::kMilan;
using test::SnpVerifyTest;
using Names = std::set<std::string>;

TEST_F(SnpVerifyTest, AnHclReportVerifiesByItself) {
  Start();
  const json result = w_.Verify(HclReport());
  EXPECT_EQ(result["decision"], "accept") << result.dump(1);
  EXPECT_EQ(result["tee"], "snp");
  EXPECT_EQ(CheckIn(result, "hcl.binding"), "passed");
  EXPECT_EQ(CheckIn(result, "hcl.tpm_signature"), "not_run");
  EXPECT_EQ(result["claims"]["runtime_data"], json::parse(sim::RuntimeData(sim::VtpmKey())));
}

TEST_F(SnpVerifyTest, AVtpmQuoteIsHeldAgainstTheHclReport) {
  Start();
  const sim::TpmQuoteSpec spec;
  const json good = w_.Verify(HclReport(), {{"tpm_quote", TpmQuote()}, {"nonce", HexLower(spec.nonce)}});
  EXPECT_EQ(good["nonce"], json({{"expected", HexLower(spec.nonce)},
                                 {"extra_data", HexLower(spec.nonce)},
                                 {"freshness", "callers"}}));
  EXPECT_EQ(good["decision"], "accept") << good.dump(1);
  for (const char* check : {"hcl.tpm_signature", "hcl.tpm_pcr_digest", "hcl.tpm_nonce"}) {
    EXPECT_EQ(CheckIn(good, check), "passed");
  }
  EXPECT_EQ(good["claims"]["tpm_pcrs"], json::parse(sim::PcrsJson(spec.pcrs)));
  json quote = TpmQuote();
  quote["pcrs"]["sha256"]["0"] = std::string(64, '1');
  EXPECT_EQ(FindingsOf(w_.Verify(HclReport(), {{"tpm_quote", quote}})), Names{"hcl.tpm_pcr_digest"});
  quote = TpmQuote();
  quote["signature"] = Base64(Bytes(256, 1));
  EXPECT_EQ(FindingsOf(w_.Verify(HclReport(), {{"tpm_quote", quote}})), Names{"hcl.tpm_signature"});
  EXPECT_EQ(
      FindingsOf(w_.Verify(HclReport(), {{"tpm_quote", TpmQuote()}, {"nonce", HexLower(Bytes(32, 7))}})),
      Names{"hcl.tpm_nonce"});
  quote = TpmQuote();
  quote.erase("pcrs");
  EXPECT_EQ(CheckIn(w_.Verify(HclReport(), {{"tpm_quote", quote}}), "hcl.tpm_pcr_digest"), "not_run");
}

// Every way to name PCRs, and what none is.
TEST_F(SnpVerifyTest, PcrsAreNamedByBankAndNumber) {
  Start();
  sim::TpmQuoteSpec all;
  all.pcrs = sim::SomePcrs(tpm::kSha384, 24);
  json list = json::array();
  for (const auto& [number, value] : all.pcrs.at(tpm::kSha384)) list.push_back(HexLower(value));
  const auto verify = [&](const json& pcrs) {
    json quote = TpmQuote(all);
    quote["pcrs"] = pcrs;
    return w_.Post({{"evidence", Base64(HclReport())}, {"tpm_quote", quote}});
  };
  for (const json& pcrs : {list, json{{"sha384", list}}, json::parse(sim::PcrsJson(all.pcrs))}) {
    const json result = json::parse(verify(pcrs).body);
    EXPECT_EQ(CheckIn(result, "hcl.tpm_pcr_digest"), "passed") << result.dump(1);
    EXPECT_EQ(result["claims"]["tpm_pcrs"], json::parse(sim::PcrsJson(all.pcrs)));
  }
  json fewer = list;
  fewer[23] = nullptr;  // quoted, and not named
  EXPECT_EQ(FindingsOf(json::parse(verify(fewer).body)), Names{"hcl.tpm_pcr_digest"});
  json none = json::array();
  for (int i = 0; i < 24; ++i) none.push_back(nullptr);
  json mixed = list, wrong = list;
  mixed[3] = std::string(64, '0');
  wrong.erase(0);
  for (const json& pcrs : {none, mixed, wrong, json{{"sha256", list}}, json{{"md5", list}}, json::object(),
                           json{{"sha384", {{"32", list[0]}}}}, json{{"sha384", {{"7", "xx"}}}},
                           json{{"sha384", {{"7", list[7]}, {"07", list[7]}}}}, json("7")}) {
    EXPECT_EQ(verify(pcrs).status, 400) << pcrs.dump();
  }
  // A signature that cannot be read is none that fails.
  json unreadable = TpmQuote();
  unreadable["signature"] = Base64(Bytes(255));
  EXPECT_EQ(w_.Problem(HclReport(), 400, {{"tpm_quote", unreadable}})["check"], "hcl.format");
}

// On Azure the launch measurement is the paravisor's: a policy names the guest by what is in the HCL report.
TEST_F(SnpVerifyTest, PoliciesNameTheGuestByItsPcrsAndRuntimeData) {
  const sim::TpmQuoteSpec spec;
  auto& policy = w_.config.policies["guest"] = BuiltInPolicy();
  policy.hcl.secure_boot = true;
  policy.hcl.console_enabled = false;
  policy.hcl.pcr[tpm::kSha256][2] = {spec.pcrs.at(tpm::kSha256).at(2)};
  Start();
  const auto decide = [&](const Bytes& evidence, const sim::TpmQuoteSpec& quoted) {
    return w_.Verify(evidence, {{"tpm_quote", TpmQuote(quoted)}, {"policy", "guest"}});
  };
  EXPECT_EQ(decide(HclReport(), spec)["decision"], "accept");
  sim::TpmQuoteSpec other;
  other.pcrs.at(tpm::kSha256).at(2).front() ^= 1;
  EXPECT_EQ(decide(HclReport(), other)["decision"], "reject");
  std::string insecure = sim::RuntimeData(sim::VtpmKey());
  insecure.replace(insecure.find("\"secure-boot\":true"), 18, "\"secure-boot\":false");
  EXPECT_EQ(decide(HclReport(insecure), spec)["decision"], "reject");
  EXPECT_EQ(w_.Verify(HclReport(), {{"policy", "guest"}})["decision"], "reject") << "no quote, no PCR";
  EXPECT_EQ(w_.Verify(w_.amd.Report(kMilan), {{"policy", "guest"}})["decision"], "reject");
}

TEST_F(SnpVerifyTest, AnHclReportThatFailsByItselfHasNothingFetched) {
  Start();
  const std::string runtime_data = sim::RuntimeData(sim::VtpmKey());
  const Bytes unbound =
      sim::EncodeHclReport({.hardware_report = w_.amd.Report(kMilan), .runtime_data = runtime_data});
  EXPECT_EQ(FindingsOf(w_.Verify(unbound)), Names{"hcl.binding"});
  const Bytes guests = sim::EncodeHclReport(
      {.hardware_report = w_.amd.Report(kMilan, {.vmpl = 2, .report_data = sim::BindingOf(runtime_data)}),
       .runtime_data = runtime_data});
  EXPECT_EQ(FindingsOf(w_.Verify(guests)), Names{"hcl.vmpl"});
  EXPECT_EQ(w_.vendor.Count(), 0u);
}

TEST_F(SnpVerifyTest, ATdReportCountsOnlyBesideItsTdQuote) {
  Start();
  const std::string runtime_data = sim::RuntimeData(sim::VtpmKey());
  const auto bound = sim::BindingOf(runtime_data);
  const Bytes hcl = sim::EncodeHclReport(
      {.report_type = 4, .hardware_report = sim::EncodeTdReportStruct(bound), .runtime_data = runtime_data});
  const json problem = w_.Problem(hcl, 503);
  EXPECT_EQ(problem["check"], "hcl.quote_missing");
  EXPECT_EQ(CheckIn(problem, "hcl.binding"), "passed");
  const auto td_quote = [&](const auto& report_data) {
    return Base64(w_.intel.Quote({.tdx = true, .bend = [&](sim::QuoteSpec& quote) {
                                    std::ranges::copy(report_data, quote.tdx.report_data.begin());
                                  }}));
  };
  const json good = w_.Verify(hcl, {{"td_quote", td_quote(bound)}});
  EXPECT_EQ(good["decision"], "accept") << good.dump(1);
  EXPECT_EQ(good["tee"], "tdx");
  EXPECT_EQ(CheckIn(good, "hcl.td_quote"), "passed");
  const json other = w_.Verify(hcl, {{"td_quote", td_quote(std::array<uint8_t, 1>{1})}});
  EXPECT_EQ(FindingsOf(other), Names{"hcl.td_quote"});
}

}  // namespace
}  // namespace thimble
