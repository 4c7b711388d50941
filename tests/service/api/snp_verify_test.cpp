// SPDX-License-Identifier: Apache-2.0
//
// POST /v1/verify of SEV-SNP evidence, with the simulated KDS behind the cache.
#include <gtest/gtest.h>

#include "tcb/base/crypto.h"
#include "tcb/base/text.h"
#include "tests/service/testing/amd_world.h"
#include "tests/support/der_writer.h"
#include "tests/support/sim_hcl.h"
#include "tests/tcb/amd/floor_world.h"

namespace thimble {
namespace {

using amd::Product;
using amd::SigningKey;
using nlohmann::json;
using sim::SnpPlatform;
using test::CheckIn;
using test::FindingsOf;
using Names = std::set<std::string>;

const SnpPlatform kMilan = SnpPlatform::Of(Product::kMilan);
const SnpPlatform kMilanVlek = SnpPlatform::Of(Product::kMilan, SigningKey::kVlek);
const SnpPlatform kTurin = SnpPlatform::Of(Product::kTurin);

class SnpVerifyTest : public testing::Test {
 protected:
  void Start() { w_.Start(sim::kAmdNow); }
  // Leaf, chain and CRL as a request has them.
  json Endorsements(const SnpPlatform& platform) {
    return {Base64(w_.amd.Leaf(platform)), w_.amd.ChainPem(platform.product, platform.kind),
            Base64(w_.amd.Crl(platform.product))};
  }
  Bytes HclReport(const std::string& runtime_data = sim::RuntimeData(sim::VtpmKey())) {
    return sim::EncodeHclReport(
        {.hardware_report = w_.amd.Report(kMilan, {.report_data = sim::BindingOf(runtime_data)}),
         .runtime_data = runtime_data});
  }
  static json TpmQuote(const sim::TpmQuoteSpec& spec = {}) {
    const auto quote = sim::MakeTpmQuote(spec, sim::VtpmKey());
    return {{"message", Base64(quote.message)},
            {"signature", Base64Url(quote.signature)},
            {"pcrs", json::parse(sim::PcrsJson(spec.pcrs))}};
  }

  test::AmdWorld w_;
};

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

TEST_F(SnpVerifyTest, TakesCertificatesFromTheRequestAndTheCrlFromTheVendor) {
  Start();
  const json endorsements = Endorsements(kMilanVlek);
  const Bytes report = w_.amd.Report(kMilanVlek);
  const json result = w_.Verify(report, {{"endorsements", endorsements}});
  EXPECT_EQ(result["decision"], "accept") << result.dump(1);
  EXPECT_EQ(w_.vendor.Count("/vlek/v1/Milan/crl"), 1u);
  EXPECT_EQ(w_.vendor.Count("SPL="), 0u);
}

// The host's or the caller's CRL says whether to refuse, and is not what amd_crl = "require" asks for.
TEST_F(SnpVerifyTest, ABroughtCrlMayRevokeAndSatisfiesNothing) {
  w_.vendor.SetMode("500", "/crl");
  Start();
  const auto crl = [&](std::vector<Bytes> revoked) {
    return w_.amd.Crl(Product::kMilan, [&](sim::CrlSpec& c) { c.revoked = std::move(revoked); });
  };
  json clean = Endorsements(kMilan), revoking = clean;
  revoking[2] = Base64(crl({{1, 0, 1}}));
  const Bytes report = w_.amd.Report(kMilan), extended = w_.amd.ExtendedReport(kMilan);
  EXPECT_EQ(w_.Problem(report, 503, {{"endorsements", clean}})["check"], "snp.crl_missing");
  EXPECT_EQ(w_.Problem(extended, 503)["check"], "snp.crl_missing");
  EXPECT_EQ(FindingsOf(w_.Verify(report, {{"endorsements", revoking}})), Names{"snp.revoked"});
  // For another time, what the caller brings decides.
  const json at = FormatRfc3339(sim::kAmdNow);
  EXPECT_EQ(w_.Verify(report, {{"endorsements", clean}, {"at", at}})["decision"], "accept");
}

TEST_F(SnpVerifyTest, DropsWhatIsNotThisReportsAndSeeksIt) {
  Start();
  SnpPlatform older = kMilan;
  --*older.tcb.snp;
  const sim::SimAmd forger = sim::SimAmd::Make({.seed = "forger"});
  const json kBad[] = {Endorsements(older),
                       Endorsements(kTurin),
                       Endorsements(kMilanVlek),
                       {Base64(forger.Leaf(kMilan))},
                       {Base64(Bytes{0x30, 0x00})},
                       {"-----BEGIN CERTIFICATE-----\nAA"},
                       {"{\"a\": 1}"},
                       {Base64(w_.amd.Leaf(kTurin)), Base64(w_.amd.Leaf(kMilan))}};
  for (const json& endorsements : kBad) {
    SCOPED_TRACE(endorsements.dump());
    const json result = w_.Verify(w_.amd.Report(kMilan), {{"endorsements", endorsements}});
    EXPECT_EQ(result["decision"], "accept") << result["findings"].dump(1);
    EXPECT_EQ(FindingsOf(result), Names{"hint.dropped"});
  }
  // A forger's whole table: the host's word against AMD's.
  const json forged = w_.Verify(forger.ExtendedReport(kMilan));
  EXPECT_EQ(FindingsOf(forged), (Names{"hint.dropped", "snp.signature"}));
  const json stale = w_.Verify(sim::der::Concat(
      {w_.amd.Report(kMilan), sim::EncodeCertificateTable({{sim::kVcekGuid, w_.amd.Leaf(older)}})}));
  EXPECT_EQ(stale["decision"], "accept") << stale.dump(1);
  EXPECT_NE(stale["findings"].dump().find("certificate table, entry 1 (vcek)"), std::string::npos);
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

TEST_F(SnpVerifyTest, AVlekReportWithAZeroChipIdShowsItsCspId) {
  Start();
  const json result = w_.Verify(w_.amd.ExtendedReport(kMilanVlek));
  EXPECT_EQ(result["decision"], "accept") << result.dump(1);
  EXPECT_EQ(result["claims"]["chip_id"], std::string(128, '0'));
  EXPECT_EQ(result["claims"]["csp_id"], kMilanVlek.csp_id);
  EXPECT_EQ(result["platform"]["csp_id"], kMilanVlek.csp_id);
  EXPECT_EQ(result["platform"]["signing_key"], "vlek");
  EXPECT_FALSE(result["platform"].contains("hwid"));
  // Without the VLEK there is nothing to ask AMD for.
  const json problem = w_.Problem(w_.amd.Report(kMilanVlek), 503);
  EXPECT_EQ(problem["check"], "snp.endorsement_missing");
}

TEST_F(SnpVerifyTest, VerifiesWithTheVcekOfTheReportedTcbOnly) {
  Start();
  SnpPlatform newer = kMilan;
  newer.tcb.microcode = 0xe2;
  // CURRENT_TCB, COMMITTED_TCB and LAUNCH_TCB are newer than what the host has the report signed for.
  const auto raise = [&](Bytes& report) {
    for (const size_t offset : {0x038u, 0x1e0u, 0x1f0u}) report.at(offset + 7) = *newer.tcb.microcode;
  };
  const Bytes report = w_.amd.Report(kMilan, {.bend = raise});
  const json result = w_.Verify(report);
  EXPECT_EQ(result["decision"], "accept") << result.dump(1);
  EXPECT_EQ(result["claims"]["reported_tcb"]["microcode"], 0xe1);
  EXPECT_EQ(result["claims"]["current_tcb"]["microcode"], 0xe2);
  EXPECT_EQ(w_.vendor.Count("ucodeSPL=225"), 1u);
  EXPECT_EQ(w_.vendor.Count("ucodeSPL=220"), 0u);
  const json other = w_.Verify(report, {{"endorsements", Endorsements(newer)}});
  EXPECT_EQ(other["decision"], "accept");
  EXPECT_EQ(FindingsOf(other), Names{"hint.dropped"});
  // For another time, where nothing else is sought, what the caller brings decides.
  const json then =
      w_.Verify(report, {{"endorsements", Endorsements(newer)}, {"at", FormatRfc3339(sim::kAmdNow)}});
  EXPECT_EQ(FindingsOf(then), Names{"snp.tcb_binding"});
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

// ---- HCL reports ----

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
  all.pcrs = sim::SomePcrs(amd::kTpmSha384, 24);
  json list = json::array();
  for (const auto& [number, value] : all.pcrs.at(amd::kTpmSha384)) list.push_back(HexLower(value));
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
  policy.hcl.pcr[amd::kTpmSha256][2] = {spec.pcrs.at(amd::kTpmSha256).at(2)};
  Start();
  const auto decide = [&](const Bytes& evidence, const sim::TpmQuoteSpec& quoted) {
    return w_.Verify(evidence, {{"tpm_quote", TpmQuote(quoted)}, {"policy", "guest"}});
  };
  EXPECT_EQ(decide(HclReport(), spec)["decision"], "accept");
  sim::TpmQuoteSpec other;
  other.pcrs.at(amd::kTpmSha256).at(2).front() ^= 1;
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

TEST_F(SnpVerifyTest, GivesTheEndorsementsThatCompleteAReport) {
  Start();
  const auto given = [&](const Bytes& evidence, const char* query = "") {
    const auto answer =
        test::Post(w_.port(), StrCat("/v1/collateral", query), "application/octet-stream", AsText(evidence));
    EXPECT_EQ(answer.status, 200) << answer.body;
    return json::parse(answer.body);
  };
  const Bytes report = w_.amd.Report(kMilan);
  const json all = given(report);
  EXPECT_EQ(all["endorsements"].size(), 3u) << "VCEK, chain, CRL";
  EXPECT_EQ(given(HclReport()), all) << "of the report in it";
  EXPECT_EQ(given(w_.amd.Report(kMilan, {.version = 2}), "?product=Milan"), all);
  const json completed = given(w_.amd.ExtendedReport(kMilanVlek));
  EXPECT_EQ(completed["endorsements"].size(), 1u) << "the CRL, the rest is in the evidence";
  // No certificate is needed beside them. The CRL that decides is the server's own.
  test::AmdWorld other;
  other.Start(sim::kAmdNow);
  EXPECT_EQ(other.Verify(report, all)["decision"], "accept");
  EXPECT_EQ(other.Verify(w_.amd.ExtendedReport(kMilanVlek), completed)["decision"], "accept");
  EXPECT_EQ(other.vendor.Count("SPL="), 0u);
}

TEST_F(SnpVerifyTest, GivesNoEndorsementsForWhatDoesNotHoldOrCannotBeHad) {
  Start();
  const auto problem = [&](ByteView evidence, int status, const char* query = "") {
    const auto answer =
        test::Post(w_.port(), StrCat("/v1/collateral", query), "application/octet-stream", AsText(evidence));
    EXPECT_EQ(answer.status, status) << answer.body;
    return json::parse(answer.body)["check"].get<std::string>();
  };
  Bytes forged = w_.amd.ExtendedReport(kMilanVlek);
  forged.at(0x90) ^= 1;  // the measurement
  EXPECT_EQ(problem(forged, 422), "snp.signature");
  EXPECT_EQ(problem(w_.amd.Report(kMilanVlek), 503), "snp.endorsement_missing");
  EXPECT_EQ(problem(w_.amd.Report(kMilan), 400, "?product=Rome"), "request.invalid");
  const std::string runtime_data = sim::RuntimeData(sim::VtpmKey());
  const Bytes td =
      sim::EncodeHclReport({.report_type = 4,
                            .hardware_report = sim::EncodeTdReportStruct(sim::BindingOf(runtime_data)),
                            .runtime_data = runtime_data});
  EXPECT_EQ(problem(td, 400), "request.invalid") << "it holds no quote";
  EXPECT_EQ(w_.vendor.Count(), 0u);
  w_.vendor.SetMode("503", "/crl");
  EXPECT_EQ(problem(w_.amd.Report(kMilan), 503), "upstream.status");
}

}  // namespace
}  // namespace thimble
