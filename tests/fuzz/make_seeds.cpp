// SPDX-License-Identifier: Apache-2.0
//
// Seed corpora for the fuzz targets, from the simulated vendors and, where present, from the real inputs beside the
// project:  make_seeds DIR  fills DIR/<target>/.
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>

#include "cache/record.h"
#include "tcb/base/crypto.h"
#include "tcb/base/json.h"
#include "tcb/base/text.h"
#include "tcb/check.h"
#include "tcb/intel/signed_json.h"
#include "tcb/pki/pem.h"
#include "tests/support/der_writer.h"
#include "tests/support/paths.h"
#include "tests/support/sim_amd.h"
#include "tests/support/sim_files.h"
#include "tests/support/sim_hcl.h"
#include "tests/support/sim_intel.h"
#include "tests/support/sim_openenclave.h"
#include "tests/support/sim_uvm.h"

namespace fs = std::filesystem;
using namespace thimble;

namespace {

constexpr size_t kMaxSeed = 64 << 10;

class Seeds {
 public:
  explicit Seeds(fs::path root) : root_(std::move(root)) {}

  // Once for the same bytes.
  void Add(const std::string& target, ByteView bytes) {
    if (bytes.size() > kMaxSeed) return;
    fs::create_directories(root_ / target);
    sim::WriteFile(root_ / target / Sha256(bytes).hex().substr(0, 16), bytes);
  }
  void Add(const std::string& target, std::string_view text) { Add(target, AsBytes(text)); }

  void AddCertificate(ByteView der) {
    Add("certificate", der);
    Add("x509_differential", der);
  }
  void AddCrl(ByteView der) {
    Add("crl", der);
    Add("x509_differential", der);
  }
  void AddPem(std::string_view text) {
    Add("text_forms", text);
    const auto blocks = DecodePem(text, "CERTIFICATE", 8, Check::kCollateralMalformed);
    if (!blocks.ok()) return;
    for (const Bytes& block : *blocks) AddCertificate(block);
  }
  // The signed member goes to the decoder of its kind.
  void AddSignedJson(ByteView body) {
    Add("json", body);
    const std::pair<const char*, const char*> kinds[] = {{"tcbInfo", "tcb_info"},
                                                         {"enclaveIdentity", "identity"},
                                                         {"tcbEvaluationDataNumbers", "evaluation_numbers"}};
    for (const auto& [member, target] : kinds) {
      const auto json = intel::SplitSignedJson(body, member);
      if (!json.ok()) continue;
      Bytes seed(json->signed_bytes.begin(), json->signed_bytes.end());
      if (std::string_view(target) == "tcb_info")
        seed.resize(seed.size() + 35, 0xff);  // a platform: see the target
      Add(target, seed);
    }
  }

 private:
  fs::path root_;
};

// Collateral in the form in common use.
std::string CommonForm(const intel::CollateralSet& set) {
  const auto tcb_info = intel::SplitSignedJson(set.tcb_info, "tcbInfo");
  const auto identity = intel::SplitSignedJson(set.qe_identity, "enclaveIdentity");
  std::string text;
  json::Writer writer(&text);
  writer.BeginObject();
  writer.Key("pck_crl_issuer_chain").String(set.pck_crl_issuer_chain);
  writer.Key("root_ca_crl").Hex(set.root_ca_crl).Key("pck_crl").Hex(set.pck_crl);
  writer.Key("tcb_info_issuer_chain").String(set.tcb_info_issuer_chain);
  writer.Key("tcb_info").String(AsText(tcb_info->signed_bytes));
  writer.Key("tcb_info_signature").Hex(tcb_info->signature);
  writer.Key("qe_identity_issuer_chain").String(set.qe_identity_issuer_chain);
  writer.Key("qe_identity").String(AsText(identity->signed_bytes));
  writer.Key("qe_identity_signature").Hex(identity->signature);
  writer.EndObject();
  return text;
}

// A record with its digests, and one whose digests the target adds.
void AddRecord(Seeds& seeds, const intel::CollateralSet& set) {
  Record record;
  record.name = "intel/crl/root";
  record.bytes.body = set.root_ca_crl;
  record.bytes.issuer_chain = set.pck_crl_issuer_chain;
  record.source = "https://vendor.example/";
  record.sha256 = Sha256(record.bytes.body);
  const std::string encoded = EncodeRecord(record);
  seeds.Add("record", StrCat(std::string(1, '\0'), encoded));
  seeds.Add("record", StrCat("\1", encoded.substr(0, encoded.size() - 64)));
}

void AddIntelWorld(Seeds& seeds) {
  const auto intel = sim::SimIntel::Make();
  for (const auto& file : sim::IntelEvidence(intel)) seeds.Add("quote", file.bytes);
  for (uint16_t type = 1; type <= 4; ++type) seeds.Add("quote", intel.Quote({.certification_type = type}));
  for (const auto ca : {intel::PckCa::kPlatform, intel::PckCa::kProcessor}) seeds.AddCrl(intel.PckCrl(ca));
  seeds.AddCrl(intel.RootCaCrl());
  seeds.AddPem(intel.PckChain());
  seeds.AddPem(intel.PckChain(sim::ClientPlatform()));
  seeds.AddPem(intel.TcbSigningChain());
  for (const auto tee : {IntelTee::kSgx, IntelTee::kTdx}) {
    seeds.AddSignedJson(intel.TcbInfo(tee));
    seeds.AddSignedJson(intel.EvaluationNumbers(tee));
  }
  seeds.AddSignedJson(intel.TcbInfo(IntelTee::kSgx, sim::kServerFmspc, sim::kStandardNumber,
                                    [](sim::TcbInfoSpec& info) { info.version = 2; }));
  for (const auto id : {EnclaveId::kQe, EnclaveId::kTdQe, EnclaveId::kQve})
    seeds.AddSignedJson(intel.Identity(id));
  for (const bool tdx : {false, true})
    seeds.Add("collateral_json", CommonForm(intel.CollateralFor({.tdx = tdx})));
  AddRecord(seeds, intel.Collateral());
}

void AddOpenEnclave(Seeds& seeds) {
  const auto intel = sim::SimIntel::Make();
  const Bytes claims = sim::EncodeCustomClaims({{"name", {1, 2, 3}}});
  const Bytes evidence = sim::MakeOeEvidence(intel, claims);
  const sim::SimKey key("an enclave's key");
  seeds.Add("openenclave", claims);
  seeds.Add("openenclave", evidence);
  seeds.Add("openenclave", Bytes(evidence.begin() + 32, evidence.end()));
  seeds.Add("openenclave", sim::EncodeOeReport(intel.Quote()));
  seeds.Add("openenclave",
            sim::EncodeOeEvidence(intel.Quote({.tdx = true}), {.format_id = sim::kTdxQuoteFormat}));
  seeds.Add("openenclave", sim::EncodeOeEndorsements(intel.Collateral()));
  seeds.Add("openenclave", sim::MakeOeCertificate(sim::kOeEvidenceOid,
                                                  sim::MakeOeEvidence(intel, sim::OeKeyPem(key)), key, key));
}

void AddUvmWorld(Seeds& seeds) {
  const auto microsoft = sim::SimUvm::Make();
  for (const auto format : {uvm::Format::kLegacy, uvm::Format::kHashEnvelope}) {
    sim::UvmSpec spec;
    spec.format = format;
    seeds.Add("uvm", microsoft.Endorsement(spec));
    seeds.Add("uvm", microsoft.WithReceipt(spec));
  }
  seeds.Add("uvm", AsBytes(microsoft.Issuer()));
}

void AddAmdWorld(Seeds& seeds) {
  const auto amd = sim::SimAmd::Make();
  for (const auto product : {amd::Product::kMilan, amd::Product::kGenoa, amd::Product::kTurin}) {
    const auto platform = sim::SnpPlatform::Of(product);
    for (const uint32_t version : {2u, 3u, 5u})
      seeds.Add("snp_report", amd.Report(platform, {.version = version}));
    seeds.Add("snp_report", amd.ExtendedReport(platform));
    for (const Bytes& certificate : amd.Endorsements(platform).certificates)
      seeds.AddCertificate(certificate);
    seeds.AddCrl(amd.Crl(product));
  }
  seeds.AddCertificate(amd.Leaf(sim::SnpPlatform::Of(amd::Product::kMilan, amd::SigningKey::kVlek)));
  const std::string runtime_data = sim::RuntimeData(sim::VtpmKey());
  const auto binding = sim::BindingOf(runtime_data);
  const auto milan = sim::SnpPlatform::Of(amd::Product::kMilan);
  seeds.Add("hcl", sim::EncodeHclReport({.hardware_report = amd.Report(milan, {.report_data = binding}),
                                         .runtime_data = runtime_data}));
  seeds.Add("hcl", sim::EncodeHclReport({.report_type = 4,
                                         .hardware_report = sim::EncodeTdReportStruct(binding),
                                         .runtime_data = runtime_data}));
  for (const auto form : {sim::SignatureForm::kBare, sim::SignatureForm::kWrapped}) {
    // With the length of the signature in front, halved (tpm_quote_fuzz.cpp).
    const auto quote = sim::MakeTpmQuote({.form = form}, sim::VtpmKey());
    seeds.Add("tpm_quote", sim::der::Concat({Bytes{static_cast<uint8_t>(quote.signature.size() / 2)},
                                             quote.signature, quote.message}));
  }
}

void AddTexts(Seeds& seeds) {
  for (const char* text : {"2026-06-01T00:00:00Z", "Sun, 06 Nov 1994 08:49:37 GMT", "260601000000Z",
                           "20500601000000Z", "15m", "168h", "00ffA0", "YWJj", "YWI=", "-_8"}) {
    seeds.Add("text_forms", text);
  }
  for (const char* name :
       {"intel/tcb/tdx/b0c06f000000/standard", "intel/tcb/sgx/00906ed50000/17", "intel/crl/pck/platform",
        "intel/crl/root", "intel/identity/qe/early", "intel/identity/td_qe/17",
        "intel/evaluation_numbers/sgx", "amd/chain/milan/vcek", "amd/crl/genoa/vlek"}) {
    seeds.Add("key_name", name);
  }
  seeds.Add("key_name", StrCat("amd/vcek/milan/", std::string(128, 'a'), "/bl04-tee00-snp24-ucode219"));
  seeds.Add("key_name", StrCat("amd/vcek/turin/", std::string(16, '0'), "/bl04-tee00-snp24-ucode219-fmc01"));
  seeds.Add("json", R"({"a":[1,-2,3.5e7,true,false,null,"\u00e9\n"],"b":{"c":{}}})");
}

void AddRequestHeads(Seeds& seeds) {
  for (
      const char* head :
      {"GET /sgx/certification/v4/tcb?fmspc=00806f050000&update=early HTTP/1.1\r\nHost: thimble\r\n\r\n",
       "POST /v1/verify HTTP/1.1\r\nHost: thimble\r\nContent-Type: application/json\r\nContent-Length: 12\r\n"
       "Expect: 100-continue\r\n\r\n",
       "POST /v1/verify HTTP/1.1\r\nHost: thimble\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n",
       "HEAD http://thimble/healthz HTTP/1.0\r\nConnection: keep-alive\r\nUser-Token: t\r\n\r\n"}) {
    seeds.Add("request_head", head);
  }
}

void AddPolicies(Seeds& seeds) {
  for (const char* policy :
       {"[policy.default]\naccepted_statuses = [\"UpToDate\", \"SWHardeningNeeded\"]\ncollateral_grace = "
        "\"24h\"\n"
        "[policy.default.tdx]\nmr_td = [\"00\"]\n[policy.default.restricted]\n",
        "[baseline.default]\nintel = \"early\"\n[server]\nlisten = \"127.0.0.1:0\"\n[refresh]\nmax_age = "
        "\"6h\"\n",
        R"({"policy_array":[{"environment":{"class_id":"3123ec35-8d38-4ea5-87a5-d6c48b567570"},"reference":)"
        R"({"accepted_tcb_status":["UpToDate"],"collateral_grace_period":0}}]})",
        R"({"policy_array":[{"environment":{"class_id":"9eec018b-7481-4b1c-8e1a-9f7c0c8c777f"},"reference":)"
        R"({"accepted_tcb_status":["UpToDate","OutOfDate"],"platform_grace_period":86400,"min_eval_num":5,)"
        R"("rejected_advisory_ids":["INTEL-SA-00001"],"allow_dynamic_platform":true}}]})"}) {
    seeds.Add("policy", policy);
  }
}

// Every scene with every bend alone, and every stock with every step: see the targets.
void AddChoices(Seeds& seeds) {
  for (uint8_t scene = 0; scene < 8; ++scene) {
    for (uint8_t which = 0; which < 96; ++which) {
      const uint8_t bend[] = {scene, 0, 1, which, 1, 2, 3, 4};
      seeds.Add("bent_evidence", ByteView(bend));
      const uint8_t forge[] = {scene, 0, uint8_t(which & 1), 1, uint8_t(which / 2), 0, 1, 0, 4, 0, 9, 0, 3};
      seeds.Add("forged_evidence", ByteView(forge));
    }
  }
}

Bytes ReadFile(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

// By what the bytes look like; a seed at the wrong target does no harm.
void AddReal(Seeds& seeds, const fs::path& path) {
  const Bytes bytes = ReadFile(path);
  const std::string_view text = AsText(bytes);
  const std::string name = path.filename().string();
  if (text.starts_with("HCLA")) return seeds.Add("hcl", bytes);
  if (path.extension() == ".cose") return seeds.Add("uvm", bytes);
  if (path.parent_path().parent_path().filename() == "open-enclave") return seeds.Add("openenclave", bytes);
  if (name == "tpm_quote.msg") return seeds.Add("tpm_quote", bytes);
  if (name == "quote.bin" || name == "td_quote.bin") return seeds.Add("quote", bytes);
  if (name.starts_with("report")) return seeds.Add("snp_report", bytes);
  if (text.starts_with("{") || text.starts_with("[")) return seeds.AddSignedJson(bytes);
  if (text.find("-----BEGIN") != std::string_view::npos) return seeds.AddPem(text);
  if (bytes.size() > 2 && bytes[0] == 0x30) {
    if (name.find("crl") == std::string::npos) seeds.AddCertificate(bytes);
    seeds.AddCrl(bytes);
  }
}

void AddRealInputs(Seeds& seeds) {
  const fs::path corpus = test::CorpusDir();
  if (!fs::is_directory(corpus)) return;
  for (const auto& entry : fs::recursive_directory_iterator(corpus)) {
    if (entry.is_regular_file()) AddReal(seeds, entry.path());
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: make_seeds DIR\n");
    return 2;
  }
  Seeds seeds(argv[1]);
  AddIntelWorld(seeds);
  AddOpenEnclave(seeds);
  AddAmdWorld(seeds);
  AddUvmWorld(seeds);
  AddTexts(seeds);
  AddRequestHeads(seeds);
  AddPolicies(seeds);
  AddChoices(seeds);
  AddRealInputs(seeds);
  return 0;
}
