// SPDX-License-Identifier: Apache-2.0
//
// POST /v1/verify of SEV-SNP evidence, with the simulated KDS behind the cache.
#include "tcb/base/crypto.h"
#include "tests/service/api/snp_requests.h"
#include "tests/tcb/amd/floor_world.h"

namespace thimble {
namespace {

using amd::Product;
using nlohmann::json;
using sim::SnpPlatform;
using test::CheckIn;
using test::FindingsOf;
using test::kMilan;
using test::kTurin;
using test::SnpVerifyTest;
using Names = std::set<std::string>;

TEST_F(SnpVerifyTest, FillsInWhatIsMissingFromTheCache) {
  Start();
  for (const Product product : {Product::kMilan, Product::kGenoa, Product::kTurin}) {
    const SnpPlatform platform = SnpPlatform::Of(product);
    const json result = w_.Verify(w_.amd.Report(platform, {.version = 5}));
    EXPECT_EQ(result["decision"], "accept") << result.dump(1);
    EXPECT_EQ(result["tee"], "snp");
    // AMD-SB-3030 has numbers for Genoa and Turin that nobody has seen: nothing is short, and there is no status.
    const bool proven = product == Product::kMilan;
    EXPECT_EQ(result["tcb_status"], proven ? json("UpToDate") : json());
    EXPECT_EQ(FindingsOf(result), proven ? Names{} : Names{"snp.floor_unproven"});
    EXPECT_EQ(result["platform"]["product"], amd::ProductName(product));
    EXPECT_EQ(result["platform"]["hwid"], HexLower(platform.hwid()));
    EXPECT_EQ(result["collateral"].size(), 3u);
  }
  EXPECT_EQ(w_.vendor.Count(), 9u);
  EXPECT_EQ(w_.Verify(w_.amd.Report(kMilan))["decision"], "accept");
  EXPECT_EQ(w_.vendor.Count(), 9u);
}

TEST_F(SnpVerifyTest, TakesTheRawReportWithQueryParameters) {
  Start();
  const Bytes report = w_.amd.Report(kMilan, {.version = 2});
  const auto post = [&](const char* target) {
    return test::Post(w_.port(), target, "application/octet-stream", AsText(report));
  };
  EXPECT_EQ(json::parse(post("/v1/verify?product=Milan").body)["platform"]["product"], "Milan");
  EXPECT_EQ(json::parse(post("/v1/verify").body)["check"], "snp.endorsement_missing");
  EXPECT_EQ(post("/v1/verify?product=Rome").status, 400);
}

TEST_F(SnpVerifyTest, AMaskedChipIsTheCertificatesAndNeedsToBeAllowed) {
  w_.config.policies["masked"] = BuiltInPolicy();
  w_.config.policies["masked"].snp.allow_masked_chip_id = true;
  w_.config.policies["listed"] = w_.config.policies["masked"];
  w_.config.policies["listed"].snp.chip_id = {amd::ChipId(kTurin.chip_id)};
  w_.config.policies["restricted"] = w_.config.policies["masked"];
  w_.config.policies["restricted"].restricted.chip_id = {amd::ChipId(kMilan.chip_id)};
  Start();
  const Bytes report =
      w_.amd.Report(kMilan, {.bend = [](Bytes& r) { std::fill_n(r.begin() + 0x1a0, 64, uint8_t{0}); }});
  EXPECT_EQ(w_.Problem(report, 503)["check"], "snp.endorsement_missing");
  EXPECT_EQ(w_.vendor.Count(), 0u);
  const auto decide = [&](const char* policy) {
    return w_.Verify(report, {{"endorsements", Endorsements(kMilan)}, {"policy", policy}});
  };
  const json refused = decide("default");
  EXPECT_EQ(refused["decision"], "reject");
  EXPECT_EQ(refused["authentic"], true);
  EXPECT_EQ(FindingsOf(refused), Names{"snp.chip_id_masked"});
  EXPECT_EQ(refused["platform"]["hwid"], HexLower(kMilan.hwid()));
  EXPECT_EQ(decide("masked")["decision"], "accept");
  EXPECT_EQ(decide("listed")["decision"], "reject");
  EXPECT_EQ(decide("restricted")["decision"], "reject");
}

TEST_F(SnpVerifyTest, TurinHasItsOwnLayoutAndModelAfIsGenoa) {
  Start();
  const json turin = w_.Verify(w_.amd.Report(kTurin, {.version = 5}));
  EXPECT_EQ(turin["claims"]["reported_tcb"],
            json::parse(R"({"fmc": 1, "bootloader": 1, "tee": 2, "snp": 4, "microcode": 91})"));
  SnpPlatform siena = SnpPlatform::Of(Product::kGenoa);
  siena.cpuid = {0x19, 0xaf, 0x02};
  const json result = w_.Verify(w_.amd.Report(siena));
  EXPECT_EQ(result["platform"]["product"], "Genoa");
  EXPECT_EQ(result["authentic"], true) << result.dump(1);
}

// ---- floors ----

TEST_F(SnpVerifyTest, StatusIsLocalPolicyAndSaysWhatIsShort) {
  Start();
  SnpPlatform old = SnpPlatform::Of(Product::kGenoa);
  old.tcb.microcode = 0x50;
  const json result = w_.Verify(w_.amd.Report(old));
  EXPECT_EQ(result["decision"], "reject");
  EXPECT_EQ(result["authentic"], true);
  EXPECT_EQ(result["tcb_status"], "OutOfDate");
  EXPECT_EQ(result["status_source"], "local_floor");
  EXPECT_EQ(result["evaluation"]["floor"], "thimble-amd-floors 1");
  const json& first = result["shortfalls"][0];
  EXPECT_EQ(first["bulletin"], "AMD-SB-3019");
  EXPECT_EQ(first["component"], "snp.microcode");
  EXPECT_EQ(first["view"], "reported");
  EXPECT_EQ(first["have"], 0x50);
  EXPECT_EQ(first["need"], 0x54);
  EXPECT_EQ(first["update"], "CPU microcode 0x0A101154 (GenoaPI 1.0.0.E)");
  EXPECT_EQ(result["floors"]["cpu"], "Genoa-B1");
  EXPECT_EQ(result["floors"]["level"], "all");
  EXPECT_EQ(result["floors"]["stale"], false);
  EXPECT_TRUE(std::ranges::count(result["advisories"], "AMD-SB-3020") == 1);
}

TEST_F(SnpVerifyTest, TheFloorIsTheBaselines) {
  amd::Json floors = amd::SmallFloors();
  floors["name"] = "ours";
  floors["cpus"] = {{{"id", "M"},
                     {"title", "Milan"},
                     {"product", "Milan"},
                     {"family", 25},
                     {"models", {1, 1}},
                     {"steppings", {0, 15}}}};
  floors["bulletins"] = amd::Json::array({floors["bulletins"][0]});
  floors["bulletins"][0]["require"] = {
      {"M", {{"min", {{{"tee", 1}, {"grade", "A"}, {"sources", {"amd"}}}}}}}};
  floors["levels"] = amd::Json::object();
  w_.config.baselines["strict"].amd = w_.files.Write("floors.json", std::string_view(floors.dump()));
  w_.config.baselines["none"].amd = "";
  w_.config.policies["lax"] = BuiltInPolicy();
  w_.config.policies["lax"].amd_floor = AmdFloorMode::kIfKnown;
  Start();
  const Bytes report = w_.amd.Report(kMilan);
  const json strict = w_.Verify(report, {{"baseline", "strict"}});
  EXPECT_EQ(strict["tcb_status"], "OutOfDate");
  EXPECT_EQ(strict["evaluation"]["floor"], "ours 1");
  EXPECT_EQ(strict["shortfalls"][0]["component"], "snp.tee");
  const json none = w_.Verify(report, {{"baseline", "none"}});
  EXPECT_TRUE(none["tcb_status"].is_null());
  EXPECT_EQ(none["decision"], "reject");
  EXPECT_EQ(FindingsOf(none), Names{"snp.floor_unknown"});
  EXPECT_EQ(w_.Verify(report, {{"baseline", "none"}, {"policy", "lax"}})["decision"], "accept");
}

// ---- what goes wrong ----

TEST_F(SnpVerifyTest, ABadVcekFromUpstreamIs503NamingTheCheckAndIsNotKept) {
  const std::pair<const char*, const char*> kBad[] = {{"forged", "snp.leaf_signature"},
                                                      {"bad-signature", "snp.leaf_signature"},
                                                      {"wrong-chip", "collateral.mismatch"},
                                                      {"wrong-tcb", "collateral.mismatch"},
                                                      {"html", "upstream.answer"}};
  for (const auto& [mode, check] : kBad) {
    SCOPED_TRACE(mode);
    test::AmdWorld w;
    w.vendor.SetMode(mode, HexLower(kMilan.hwid()));
    w.Start(sim::kAmdNow);
    const json problem = w.Problem(w.amd.Report(kMilan), 503);
    EXPECT_EQ(problem["check"], check);
    EXPECT_EQ(CheckIn(problem, "snp.signature_algorithm"), "passed");
    EXPECT_EQ(CheckIn(problem, "snp.signature"), "not_run");
    EXPECT_FALSE(w.app->cache().Peek(test::VcekKeyOf(kMilan), sim::kAmdNow));
  }
}

TEST_F(SnpVerifyTest, AsksNobodyForWhatFailsByItself) {
  Start();
  const Bytes host = w_.amd.Report(kMilan, {.vmpl = 0xffffffff});
  EXPECT_EQ(FindingsOf(w_.Verify(host)), Names{"snp.vmpl"});
  EXPECT_EQ(FindingsOf(w_.Verify(w_.amd.Report(kMilan, {.signature_algorithm = 2}))),
            Names{"snp.signature_algorithm"});
  Bytes bent = w_.amd.ExtendedReport(kMilan);
  bent.at(0x90) ^= 1;  // the measurement
  EXPECT_EQ(FindingsOf(w_.Verify(bent)), Names{"snp.signature"});
  EXPECT_EQ(w_.vendor.Count(), 0u);
}

TEST_F(SnpVerifyTest, RejectsByTheCrl) {
  w_.vendor.SetMode("revoked", "/crl");
  Start();
  const json result = w_.Verify(w_.amd.Report(kMilan));
  EXPECT_EQ(result["authentic"], false);
  EXPECT_EQ(FindingsOf(result), Names{"snp.revoked"});
}

TEST_F(SnpVerifyTest, AMissingCrlIsUnavailableUnlessThePolicySaysOtherwise) {
  w_.vendor.SetMode("500", "/crl");
  for (const auto& [name, mode] :
       {std::pair("available", AmdCrlMode::kIfAvailable), {"off", AmdCrlMode::kOff}}) {
    w_.config.policies[name] = BuiltInPolicy();
    w_.config.policies[name].amd_crl = mode;
  }
  Start();
  const Bytes report = w_.amd.Report(kMilan);
  const json problem = w_.Problem(report, 503);
  EXPECT_EQ(problem["check"], "snp.crl_missing");
  EXPECT_NE(problem["detail"].get<std::string>().find("/vcek/v1/Milan/crl"), std::string::npos);
  EXPECT_EQ(CheckIn(problem, "snp.vmpl"), "passed");
  const uint64_t asked = w_.vendor.Count("/crl");
  for (const char* name : {"available", "off"}) {
    const json result = w_.Verify(report, {{"policy", name}});
    EXPECT_EQ(result["decision"], "accept") << result.dump(1);
    EXPECT_EQ(CheckIn(result, "snp.revoked"), "not_run");
  }
  EXPECT_EQ(w_.vendor.Count("/crl"), asked);
}

TEST_F(SnpVerifyTest, AnswersForAnotherTimeFromWhatIsHeldOrNotAtAll) {
  Start();
  const Bytes report = w_.amd.Report(kMilan);
  const std::string then = FormatRfc3339(sim::kAmdNow - Seconds(86400));
  EXPECT_EQ(w_.Problem(report, 503, {{"at", then}})["check"], "collateral.missing");
  EXPECT_EQ(w_.vendor.Count(), 0u);
  w_.Verify(report);
  EXPECT_EQ(w_.Verify(report, {{"at", FormatRfc3339(sim::kAmdNow)}})["decision"], "accept");
  // Chain and CRL were valid then, but nobody here had them.
  EXPECT_EQ(w_.Problem(report, 503, {{"at", then}})["check"], "collateral.missing");
  const std::string before = FormatRfc3339(sim::kAmdNow - Seconds(700 * 86400));
  EXPECT_EQ(w_.Problem(report, 503, {{"at", before}})["check"], "collateral.missing");
}

TEST_F(SnpVerifyTest, HoldsReportDataAndRuntimeDataAgainstTheReport) {
  Start();
  const std::string data = "the key of this guest";
  const Digest256 sha256 = Sha256(AsBytes(data));
  const Digest384 sha384 = Sha384(AsBytes(data));
  const Digest512 sha512 = Sha512(AsBytes(data));
  for (const ByteView digest : {sha256.view(), sha384.view(), sha512.view()}) {
    sim::ReportSpec spec;
    std::ranges::copy(digest, spec.report_data.begin());
    const Bytes report = w_.amd.Report(kMilan, spec);
    EXPECT_EQ(w_.Verify(report, {{"runtime_data", Base64(AsBytes(data))}})["decision"], "accept");
    EXPECT_EQ(w_.Verify(report, {{"report_data", HexLower(digest)}})["decision"], "accept");
  }
  const Bytes report = w_.amd.Report(kMilan);
  const json other = w_.Verify(report, {{"runtime_data", Base64(AsBytes("another key"))}});
  EXPECT_EQ(FindingsOf(other), Names{"report_data.mismatch"});
}

// ---- what is no request ----

TEST_F(SnpVerifyTest, RefusesWhatDoesNotGoTogether) {
  Start();
  const json report = Base64(w_.amd.Report(kMilan)), quote = Base64(w_.intel.Quote());
  const json hcl = Base64(HclReport()), tpm_quote = TpmQuote();
  const std::pair<json, const char*> kBad[] = {
      {{{"evidence", quote}, {"endorsements", Endorsements(kMilan)}}, "endorsements"},
      {{{"evidence", quote}, {"product", "Milan"}}, "product"},
      {{{"evidence", quote}, {"nonce", "00"}}, "nonce"},
      {{{"evidence", report}, {"collateral", json::object()}}, "collateral"},
      {{{"evidence", report}, {"td_quote", quote}}, "td_quote"},
      {{{"evidence", report}, {"tpm_quote", tpm_quote}}, "tpm_quote"},
      {{{"evidence", report}, {"product", "Rome"}}, "product"},
      {{{"evidence", report}, {"endorsements", "x"}}, "endorsements"},
      {{{"evidence", report}, {"endorsements", {"!"}}}, "endorsements"},
      {{{"evidence", report}, {"runtime_data", "!"}}, "runtime_data"},
      {{{"evidence", hcl}, {"td_quote", quote}}, "td_quote"},
      {{{"evidence", hcl}, {"nonce", "0"}}, "nonce"},
      {{{"evidence", hcl}, {"tpm_quote", tpm_quote}, {"nonce", "01"}}, "8 to 64"},
      {{{"evidence", hcl}, {"tpm_quote", tpm_quote}, {"nonce", std::string(130, '1')}}, "8 to 64"},
      {{{"evidence", hcl}, {"tpm_quote", tpm_quote}, {"nonce", std::string(64, '0')}}, "all zero"},
      {{{"evidence", hcl}, {"tpm_quote", {{"message", "AA=="}}}}, "signature"},
      {{{"evidence", hcl}, {"tpm_quote", {{"message", "!"}, {"signature", "AA=="}}}}, "message"},
  };
  for (const auto& [request, word] : kBad) {
    const test::RawAnswer answer = w_.Post(request);
    EXPECT_EQ(answer.status, 400) << answer.body;
    const json problem = json::parse(answer.body);
    EXPECT_EQ(problem["check"], "request.invalid") << word;
    EXPECT_NE(problem["detail"].get<std::string>().find(word), std::string::npos) << problem["detail"];
  }
  EXPECT_EQ(w_.vendor.Count(), 0u);
}

}  // namespace
}  // namespace thimble
