// SPDX-License-Identifier: Apache-2.0
//
// AMD's evidence, what the host puts beside it, and the vTPM's quotes, three ways (three_ways.h).
#include "service/baselines/floors.h"
#include "tcb/amd/floor.h"
#include "tcb/amd/hcl.h"
#include "tests/service/three_ways.h"
#include "tests/support/sim_hcl.h"

namespace thimble {
namespace {

using nlohmann::json;
using sim::AmdRole;
using sim::SnpPlatform;
using test::CrlExtension, test::ExpectLibrary, test::ExpectResult, test::ThreeWays;

constexpr amd::Product kMilan = amd::Product::kMilan;

struct AmdRow {
  std::string title, finding;
  sim::ReportSpec report = {.version = 5};
  std::function<void(AmdRole, sim::CertificateSpec&)> certificates = {};
  sim::EndorsementOptions endorsements = {};
  std::optional<uint32_t> hcl_vmpl = {};  // in an HCL report, of this level
  std::string status = "UpToDate";        // of authentic evidence; the default policy takes no other
};

std::vector<AmdRow> AmdRows() {
  const auto policy = [](uint64_t bits) { return sim::ReportSpec{.version = 5, .policy = 0x30000 | bits}; };
  const auto ask = [](auto bend) {
    return [=](AmdRole role, sim::CertificateSpec& c) {
      if (role == AmdRole::kAsk) bend(c);
    };
  };
  const auto masked = [](Bytes& report) { std::fill_n(report.begin() + 0x1a0, 64, uint8_t{0}); };
  return {
      {"good", ""},
      {"DEBUG", "snp.debug", policy(1u << 19)},
      {"MIGRATE_MA", "snp.migration", policy(1u << 18)},
      {"a masked chip id", "snp.chip_id_masked", {.version = 5, .bend = masked}},
      {"REPORTED above CURRENT",
       "snp.tcb_order",
       {.version = 5, .bend = [](Bytes& report) { --report.at(0x38 + 6); }}},
      {"an ASK that may not sign certificates", "snp.chain", {.version = 5}, ask([](sim::CertificateSpec& c) {
         c.key_usage = uint16_t{kCrlSign};
       })},
      {"a VCEK that may sign certificates",
       "snp.chain",
       {.version = 5},
       {},
       {.leaf =
            [](sim::LeafSpec& l) {
              l.certificate = [](sim::CertificateSpec& c) { c.key_usage = uint16_t{1 | kKeyCertSign}; };
            }}},
      {"a delta CRL",
       "snp.crl",
       {.version = 5},
       {},
       {.crl = CrlExtension("2.5.29.27", false, sim::der::Integer(1))}},
      {"ALIAS_CHECK_COMPLETE clear",
       "",
       {.version = 5, .platform_info = 0x05},
       {},
       {},
       {},
       "ConfigurationNeeded"},
      {"launched on older microcode",
       "",
       {.version = 5, .bend = [](Bytes& report) { report.at(0x1f0 + 7) = 200; }},
       {},
       {},
       {},
       "RelaunchAdvised"},
      {"in an HCL report", "", {.version = 5}, {}, {}, 0},
      {"in an HCL report, of VMPL 1", "hcl.vmpl", {.version = 5}, {}, {}, 1},
  };
}

TEST_F(ThreeWays, FindTheSameInAmdsEvidence) {
  const SnpPlatform platform = SnpPlatform::Of(kMilan);
  const std::string runtime_data = sim::RuntimeData(sim::VtpmKey());
  const amd::FloorsPtr floors = *LoadFloors("builtin", {});
  for (AmdRow& row : AmdRows()) {
    SCOPED_TRACE(row.title);
    amd = sim::SimAmd::Make({.bend = row.certificates});
    if (row.hcl_vmpl) {
      row.report.report_data = sim::BindingOf(runtime_data);
      row.report.vmpl = *row.hcl_vmpl;
    }
    const Bytes report = amd.Report(platform, row.report);
    const Bytes evidence =
        row.hcl_vmpl ? sim::EncodeHclReport({.hardware_report = report, .runtime_data = runtime_data})
                     : report;
    const amd::EndorsementSet given = amd.Endorsements(platform, row.endorsements);
    const std::string roots = amd.ArksPem();
    files.Write("amd-root.pem", std::string_view(roots));
    files.Write("roots.pem", std::string_view(roots));
    StartAt(sim::kAmdNow);

    auto verdict =
        amd::VerifyReport(report, given, kMilan, amd.Anchors(), sim::kAmdNow, AmdCrlMode::kRequire);
    if (row.hcl_vmpl && verdict)
      amd::CheckHcl(*verdict, *amd::ParseHclReport(evidence), nullptr, std::nullopt);
    ExpectLibrary(verdict, row.finding);
    if (row.finding.empty() && verdict) {
      amd::ApplyFloors(*verdict, floors, amd::kAllLevel, AmdFloorMode::kRequire);
      EXPECT_EQ(verdict->tcb_status ? TcbStatusName(*verdict->tcb_status) : "", row.status);
    }

    const auto directory = std::filesystem::path(files / "given");
    std::filesystem::remove_all(directory);
    sim::WriteEndorsements(directory, amd, platform);
    files.Write("given/vcek.der", given.certificates.front());
    files.Write("given/crl.der", given.crl);
    ExpectResult(ByCommand(evidence, directory), row.finding, "command", row.status);
    const json endorsements = {Base64(given.certificates.front()),
                               amd.ChainPem(kMilan, amd::SigningKey::kVcek), Base64(given.crl)};
    ExpectResult(Verify(evidence, {{"endorsements", endorsements}}), row.finding, "HTTP", row.status);
    Stop();
  }
}

// What the host puts beside the report is taken where it fits, dropped where not, and is never what is required.
struct TableRow {
  std::string title;
  std::vector<std::pair<std::string, Bytes>> table;
  bool leaf_given = false;  // the caller brings the VCEK that fits
  bool crl_given = true;
};

TEST_F(ThreeWays, TakeFromTheHostsTableWhatFits) {
  const SnpPlatform platform = SnpPlatform::Of(kMilan);
  SnpPlatform older = platform;
  older.tcb.microcode = static_cast<uint8_t>(*platform.tcb.microcode - 1);
  using Entry = std::pair<std::string, Bytes>;
  const Entry leaf{sim::kVcekGuid, amd.Leaf(platform)},
      ask{sim::kAskGuid, amd.Intermediate(kMilan, amd::SigningKey::kVcek)},
      ark{sim::kArkGuid, amd.Ark(kMilan)}, crl{sim::kCrlGuid, amd.Crl(kMilan)};
  const auto mixed = [](const Entry& entry) {
    return Entry(sim::MixedEndianGuid(entry.first), entry.second);
  };
  const TableRow kRows[] = {
      {"good", {leaf, ask, ark}},
      {"GUIDs in the other byte order", {mixed(leaf), mixed(ask), mixed(ark)}},
      {"an empty entry", {leaf, ask, ark, {sim::kVlekGuid, {}}}},
      {"the VCEK of an older TCB", {{sim::kVcekGuid, amd.Leaf(older)}, ask, ark}, true},
      {"the host's CRL alone", {leaf, ask, ark, crl}, false, false},
  };
  files.Write("roots.pem", std::string_view(amd.ArksPem()));
  StartAt(sim::kAmdNow);
  vendor.SetMode("503");
  for (const TableRow& row : kRows) {
    SCOPED_TRACE(row.title);
    Bytes evidence = amd.Report(platform, {.version = 5});
    const Bytes table = sim::EncodeCertificateTable(row.table);
    evidence.insert(evidence.end(), table.begin(), table.end());
    const auto directory = std::filesystem::path(files / "given");
    std::filesystem::remove_all(directory);
    std::filesystem::create_directory(directory);
    amd::EndorsementSet given;
    json endorsements = json::array();
    const auto hand_over = [&](const char* name, const Bytes& bytes) {
      files.Write(StrCat("given/", name), bytes);
      endorsements.push_back(Base64(bytes));
    };
    if (row.leaf_given) {
      hand_over("vcek.der", leaf.second);
      given.hints.push_back({"vcek.der", leaf.second});
    }
    if (row.crl_given) {
      hand_over("crl.der", crl.second);
      given.crl = crl.second;
    }
    const auto verdict =
        amd::VerifyReport(evidence, given, kMilan, amd.Anchors(), sim::kAmdNow, AmdCrlMode::kRequire);
    const json request = {{"evidence", Base64(evidence)}, {"endorsements", endorsements}};
    if (row.crl_given) {
      ExpectLibrary(verdict, "");
      ExpectResult(ByCommand(evidence, directory), "", "command");
      ExpectResult(json::parse(Post(request).body), "", "HTTP");
      continue;
    }
    ASSERT_FALSE(verdict.ok());
    EXPECT_EQ(verdict.error().check, Check::kSnpCrlMissing);
    // A directory with nothing in it is refused as such: the chain is there twice.
    files.Write("given/chain.pem", std::string_view(amd.ChainPem(kMilan, amd::SigningKey::kVcek)));
    ExpectUnavailable(evidence, directory, request, "snp.crl_missing");
  }
}

// ---- requests ----

struct RequestRow {
  std::string title;
  std::string nonce;                               // in hex
  std::vector<tpm::PcrSelection> selections = {};  // empty: all that is given
  std::string finding;                             // of a request that is judged
  std::string refusal = {};                        // words of one that is not
  sim::SignatureForm form = sim::SignatureForm::kBare;
  tpm::PcrValues pcrs = sim::SomePcrs();
  bool bent = false;  // its signature
};

const std::string kNonce = HexLower(sim::TpmQuoteSpec{}.nonce);

std::vector<RequestRow> RequestRows() {
  return {
      {"good", kNonce, {}, ""},
      {"another nonce", std::string(20, '1'), {}, "hcl.tpm_nonce"},
      {"a longer nonce", kNonce + "00", {}, "hcl.tpm_nonce"},
      {"PCRs that are not quoted", kNonce, {{tpm::kSha256, {0}}}, "hcl.tpm_pcr_digest"},
      {"nothing quoted", kNonce, {{tpm::kSha256, {}}}, "hcl.tpm_pcr_digest"},
      {"TPMT_SIGNATURE, as tpm2_quote writes it", kNonce, {}, "", "", sim::SignatureForm::kWrapped},
      {"a bent TPMT_SIGNATURE",
       kNonce,
       {},
       "hcl.tpm_signature",
       "",
       sim::SignatureForm::kWrapped,
       sim::SomePcrs(),
       true},
      {"the bank of SHA-384", kNonce, {}, "", "", sim::SignatureForm::kBare, sim::SomePcrs(tpm::kSha384)},
      {"a bent signature",
       kNonce,
       {},
       "hcl.tpm_signature",
       "",
       sim::SignatureForm::kBare,
       sim::SomePcrs(),
       true},
      {"a nonce of one byte", "01", {}, "", "8 to 64"},
      {"a nonce of zeros", std::string(32, '0'), {}, "", "all zero"},
  };
}

TEST_F(ThreeWays, HoldNonceAndPcrsAgainstTheVtpmsQuote) {
  const std::string runtime_data = sim::RuntimeData(sim::VtpmKey());
  const SnpPlatform platform = SnpPlatform::Of(kMilan);
  const Bytes report = amd.Report(platform, {.version = 5, .report_data = sim::BindingOf(runtime_data)});
  const Bytes evidence = sim::EncodeHclReport({.hardware_report = report, .runtime_data = runtime_data});
  files.Write("roots.pem", std::string_view(amd.ArksPem()));
  StartAt(sim::kAmdNow);
  const amd::EndorsementSet given = amd.Endorsements(platform);
  const json endorsements = {Base64(given.certificates.front()), amd.ChainPem(kMilan, amd::SigningKey::kVcek),
                             Base64(given.crl)};
  for (const RequestRow& row : RequestRows()) {
    SCOPED_TRACE(row.title);
    const sim::TpmQuoteSpec spec{.pcrs = row.pcrs, .selections = row.selections, .form = row.form};
    auto quote = sim::MakeTpmQuote(spec, sim::VtpmKey());
    if (row.bent) quote.signature.back() ^= 1;
    const std::string pcrs = sim::PcrsJson(spec.pcrs);
    const json tpm_quote = {{"message", Base64(quote.message)},
                            {"signature", Base64(quote.signature)},
                            {"pcrs", json::parse(pcrs)}};
    const auto directory = std::filesystem::path(files / "given");
    sim::WriteEndorsements(directory, amd, platform);
    const json request = {{"evidence", Base64(evidence)},
                          {"endorsements", endorsements},
                          {"tpm_quote", tpm_quote},
                          {"nonce", row.nonce}};
    files.Write("given/tpm_quote.msg", quote.message);
    files.Write("given/tpm_quote.sig", quote.signature);
    files.Write("given/tpm_pcrs.json", std::string_view(pcrs));
    const std::vector<std::string> more{"--nonce", row.nonce};
    if (row.refusal.empty()) {
      auto verdict =
          amd::VerifyReport(report, given, kMilan, amd.Anchors(), sim::kAmdNow, AmdCrlMode::kRequire);
      const auto parsed = tpm::ParseQuote(quote.message, quote.signature, row.pcrs);
      ASSERT_TRUE(verdict.ok() && parsed.ok());
      amd::CheckHcl(*verdict, *amd::ParseHclReport(evidence), &*parsed, FromHex(row.nonce));
      ExpectLibrary(verdict, row.finding);
      ExpectResult(ByCommand(evidence, directory, more), row.finding, "command");
      const auto answer = Post(request);
      ASSERT_EQ(answer.status, 200) << answer.body;
      ExpectResult(json::parse(answer.body), row.finding, "HTTP");
      continue;
    }
    ExpectRefused(evidence, directory, request, more, row.refusal);
  }
}

}  // namespace
}  // namespace thimble
