// SPDX-License-Identifier: Apache-2.0
//
// Every case of the corpora of TPM quotes, VBS reports and Open Enclave's evidence, by the command line and by HTTP, with
// the outcome of the reference. Where we differ: docs/DEVIATIONS.md.
#include "tests/service/corpus_ways.h"
#include "tests/support/sim_platform.h"

namespace thimble {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using test::CorpusWays, test::FailsOn, test::ReferenceOf;

// -- TPM quotes, by themselves and beside an HCL report --

class TpmCorpusWays : public CorpusWays {
 protected:
  static std::string PolicyOf(const json& c, bool hcl) {
    std::string text = PolicyHead(c);
    const json required = c.value("required_pcrs", json::object());
    if (hcl) {  // a PCR that is not quoted has no value
      if (!required.empty()) text += Section(c, "hcl");
      for (const auto& [bank, numbers] : required.items()) {
        for (const json& number : numbers)
          text += StrCat("pcr.", bank, ".", number.get<int>(), " = [\"", std::string(96, '0'), "\"]\n");
      }
      return text;
    }
    text += StrCat("evidence = [\"tpm\"]\n", Section(c, "tpm"), "allow_uncertified_ak = true\n");
    for (const auto& [bank, numbers] : required.items())
      text += StrCat("required_pcrs.", bank, " = ", numbers.dump(), "\n");
    return text;
  }
  json QuoteOf(const json& c) const {
    json quote = {
        {"message", Base64Of(c, "quote.msg")},
        {"signature", Base64Of(c, Has(c, "quote.tpmt") ? "quote.tpmt" : "quote.sig")},
    };
    if (Has(c, "pcrs.json")) quote["pcrs"] = json::parse(File(c, "pcrs.json"));
    return quote;
  }
  json KeyOf(const json& c) const {
    json key = json::object();
    AddMembers(c,
               {{"ak.tpmt_public", "ak_public"}, {"ak_cert.der", "ak_cert"}, {"event_log.bin", "event_log"}},
               key);
    if (Has(c, "ak.pem")) key["ak_public"] = AsText(File(c, "ak.pem"));
    if (Has(c, "ak_chain.pem")) key["ak_chain"] = AsText(File(c, "ak_chain.pem"));
    return key;
  }
  // The command line finds the report's chain and the quote in a directory; the key's certificate comes as trustee has it.
  Ask AskHcl(const json& c) const {
    const fs::path dir = fs::path(files / c["dir"].get<std::string>());
    fs::create_directories(dir);
    sim::WriteFile(dir / "chain.pem", File(c, "chain.pem"));
    sim::WriteFile(dir / "tpm_quote.msg", File(c, "quote.msg"));
    sim::WriteFile(dir / "tpm_quote.sig", File(c, "quote.tpmt"));
    sim::WriteFile(dir / "tpm_pcrs.json", File(c, "pcrs.json"));
    json file = KeyOf(c), request = KeyOf(c);
    file["hcl_report"] = request["evidence"] = Base64Of(c, "hcl.bin");
    request["tpm_quote"] = QuoteOf(c);
    request["endorsements"] = {AsText(File(c, "chain.pem"))};
    return {file.dump(), {"--collateral", dir.string()}, request};
  }
  Ask AskOf(const json& c) const {
    Ask ask;
    if (Has(c, "hcl.bin")) {
      ask = AskHcl(c);
    } else {
      json evidence = KeyOf(c);
      evidence["tpm_quote"] = QuoteOf(c);
      ask = {evidence.dump(), {}, {{"evidence", evidence}}};
    }
    const std::string nonce = c.value("nonce", "");
    if (nonce.size() >= 16) {  // shorter ones are refused
      ask.options.insert(ask.options.end(), {"--nonce", nonce});
      ask.request["nonce"] = nonce;
    }
    return ask;
  }
};

std::string TpmNameOf(const json& c, bool hcl) {
  const std::map<std::string, std::string> ours = {{"plain/windows-gcp-sha1", "tpm.signature_format"},
                                                   {"edit/creation-data", "tpm.signature_format"},
                                                   {"edit/ak-chain-missing-ca", ""},
                                                   {"edit/ak-root-other", ""}};
  const std::map<std::string, std::string> beside_hcl = {{"tpm.format", "hcl.format"},
                                                         {"tpm.signature_format", "hcl.format"},
                                                         {"tpm.quote_signature", "hcl.tpm_signature"},
                                                         {"tpm.nonce", "hcl.tpm_nonce"},
                                                         {"tpm.pcr_digest", "hcl.tpm_pcr_digest"},
                                                         {"tpm.pcr_selection", "policy.hcl.pcr"}};
  const std::string name = ReferenceOf(c);
  if (ours.contains(c["name"])) return ours.at(c["name"]);
  if (hcl) return beside_hcl.contains(name) ? beside_hcl.at(name) : name;
  return name == "tpm.pcr_selection" ? "policy.tpm.required_pcrs" : name;
}

// What the policy of these cases allows, and every result says.
json WithoutAllowed(json answer) {
  if (!answer.contains("findings")) return answer;
  json rest = json::array();
  for (const json& finding : answer["findings"]) {
    if (finding["check"] != "tpm.ak_unproven" || finding["severity"] != "soft") rest.push_back(finding);
  }
  answer["findings"] = rest;
  return answer;
}

TEST_F(TpmCorpusWays, EveryQuote) {
  const json cases = CasesOf("tpm");
  if (cases.empty()) GTEST_SKIP() << "no corpus";
  std::string policies;
  for (const json& c : cases) policies += PolicyOf(c, Has(c, "hcl.bin"));
  Configure(policies);
  size_t seen = 0;
  for (const json& c : cases) {
    if (!Has(c, "quote.msg")) continue;
    SCOPED_TRACE(c["name"].get<std::string>());
    ++seen;
    const bool hcl = Has(c, "hcl.bin");
    for (const auto& [way, answer] : BothWays(c, AskOf(c))) {
      const std::string found = FailsOn(WithoutAllowed(answer), hcl ? "hcl." : "tpm.", true);
      const std::string expected = TpmNameOf(c, hcl);
      // The policy allows a key without a certificate; one without its public area may be no TPM's (docs/DEVIATIONS.md).
      const bool bare = Has(c, "ak.pem") && !Has(c, "ak_cert.der");
      EXPECT_EQ(found.substr(0, found.find(".sha")),
                bare && (expected.empty() || expected.starts_with("policy.")) ? "tpm.ak_unproven" : expected)
          << way << answer.dump(1);
      if (answer.contains("tee")) {
        EXPECT_EQ(answer["evidence_class"], hcl ? "hardware_tee" : "virtual_tpm") << way;
      }
    }
  }
  EXPECT_EQ(seen, 32u);
}

// Certificates of TPMs' keys prove no quote by themselves: they can be looked at.
std::string PurposeOf(const std::string& path) {
  const auto run = test::RunThimble({"inspect", "--json", path});
  EXPECT_EQ(run.exit_code, 0) << run.out << run.err;
  const json shown = json::parse(run.out, nullptr, false);
  EXPECT_EQ(shown["files"][0]["kind"], "certificates") << run.out;
  return shown["files"][0]["certificates"][0].value("purpose", "");
}

TEST_F(TpmCorpusWays, CertificatesOfKeysAreInspected) {
  Bytes padded = sim::AkCertificate();  // as NV memory holds it
  padded.resize(4096);
  EXPECT_EQ(PurposeOf(files.Write("ak.der", padded)), "tpm_attestation_key");
  EXPECT_EQ(PurposeOf(files.Write("ca.der", sim::TpmCaCertificate())), "");
  for (const json& c : CasesOf("tpm")) {
    SCOPED_TRACE(c["name"].get<std::string>());
    if (c["kind"] == "ak-cert") {
      EXPECT_EQ(PurposeOf(PathIn(c, "ak_cert.der")), "tpm_attestation_key");
    }
    if (c["kind"] == "ek-cert") {
      EXPECT_EQ(PurposeOf(PathIn(c, "ek_cert.der")), "tpm_endorsement_key");
    }
  }
}

// -- VBS reports: whose signer's certificate is the operator's anchor --

class VbsCorpusWays : public CorpusWays {
 protected:
  static std::string PolicyOf(const json& c) {
    std::string text = StrCat(PolicyHead(c), "evidence = [\"vbs\"]\n", Section(c, "vbs"));
    for (const auto& [name, value] : c["expect"].items())
      text += StrCat(name, " = ", value.is_string() ? json::array({value}).dump() : value.dump(), "\n");
    return text;
  }
  Ask AskOf(const json& c) const {
    json evidence = {{"vbs_report", Base64Of(c, "report.bin")}};
    AddMembers(c, {{"signer.der", "signer"}, {"enclave-key.bin", "enclave_key"}}, evidence);
    if (Has(c, "report-signed.json")) evidence["report_signed"] = AsText(File(c, "report-signed.json"));
    return {evidence.dump(), {}, {{"evidence", evidence}}};
  }
};

TEST_F(VbsCorpusWays, EveryReport) {
  const json cases = CasesOf("vbs");
  if (cases.empty()) GTEST_SKIP() << "no corpus";
  std::string policies;
  std::set<std::string> anchors;
  for (const json& c : cases) {
    policies += PolicyOf(c);
    const Bytes signer = File(c, "signer.der");
    anchors.insert(files.Write(StrCat(Sha256(signer).hex(), ".pem"),
                               std::string_view(sim::ToPem(signer, "CERTIFICATE"))));
  }
  Configure(policies, {anchors.begin(), anchors.end()});
  for (const json& c : cases) {
    SCOPED_TRACE(c["name"].get<std::string>());
    for (const auto& [way, answer] : BothWays(c, AskOf(c))) {
      std::string found = FailsOn(answer, "vbs.", true);
      if (found.starts_with("policy.vbs.min_")) found = "vbs.svn";
      if (found.starts_with("policy.")) found = found.substr(7);
      EXPECT_EQ(found, ReferenceOf(c)) << way << answer.dump(1);
      if (answer.contains("tee")) {
        EXPECT_EQ(answer["evidence_class"], "vbs") << way;
        EXPECT_EQ(answer["decision"], found.empty() ? "accept" : "reject") << way << answer.dump(1);
      }
    }
  }
}

// -- Open Enclave: few have collateral, and without it no verdict is good --

class OpenEnclaveCorpusWays : public CorpusWays {
 protected:
  Ask AskOf(const json& c) {
    Ask ask = {std::string(AsText(File(c, "evidence.bin"))),
               {"--collateral", files / "nothing"},
               {{"evidence", Base64Of(c, "evidence.bin")}, {"collateral", json::object()}}};
    if (Has(c, "endorsements.bin")) {
      ask.options.back() = PathIn(c, "endorsements.bin").string();
      ask.request["collateral"] = {{"oe_endorsements", Base64Of(c, "endorsements.bin")}};
    }
    if (Has(c, "runtime-data.bin")) {
      ask.options.insert(ask.options.end(), {"--runtime-data", PathIn(c, "runtime-data.bin").string()});
      ask.request["runtime_data"] = Base64Of(c, "runtime-data.bin");
    }
    return ask;
  }
  // Of what the reference found good without collateral, which checks have passed.
  void ExpectUnavailableAlone(const json& c, const json& answer) {
    EXPECT_EQ(test::CheckIn(answer, "quote.signature"), "passed") << answer.dump(1);
    EXPECT_EQ(test::CheckIn(answer, "pck.chain"), "passed") << answer.dump(1);
    if (Has(c, "runtime-data.bin")) {
      EXPECT_EQ(test::CheckIn(answer, "report_data.mismatch"), "passed") << answer.dump(1);
    }
    if (c["kind"] == "certificate") {
      EXPECT_EQ(test::CheckIn(answer, "oe.certificate_key"), "passed") << answer.dump(1);
    }
  }
};

std::string OpenEnclaveNameOf(const json& c, bool collateral) {
  const std::string name = ReferenceOf(c);
  if (name.empty()) return collateral ? "" : "collateral.missing";
  if (name == "oe.runtime_data") return "report_data.mismatch";
  return c["name"] == "edit/endorsements-tcb-byte" ? "collateral.malformed" : name;
}

TEST_F(OpenEnclaveCorpusWays, EveryCase) {
  const json cases = CasesOf("open-enclave");
  if (cases.empty()) GTEST_SKIP() << "no corpus";
  std::string policies;
  for (const json& c : cases) policies += PolicyHead(c);
  Configure(policies);
  fs::create_directories(files / "nothing");
  for (const json& c : cases) {
    SCOPED_TRACE(c["name"].get<std::string>());
    const bool collateral = Has(c, "endorsements.bin");
    for (const auto& [way, answer] : BothWays(c, AskOf(c))) {
      SCOPED_TRACE(way);
      EXPECT_EQ(FailsOn(answer, "sgx."), OpenEnclaveNameOf(c, collateral)) << answer.dump(1);
      if (!ReferenceOf(c).empty()) continue;
      const json& all = c["reference"]["fails_all"];
      const bool debug = std::ranges::find(all, json("sgx.debug")) != all.end();
      EXPECT_EQ(test::CheckIn(answer, "sgx.debug"), debug ? "failed" : "passed") << answer.dump(1);
      if (!collateral) ExpectUnavailableAlone(c, answer);
    }
  }
}

}  // namespace
}  // namespace thimble
