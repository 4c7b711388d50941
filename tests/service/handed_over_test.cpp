// SPDX-License-Identifier: Apache-2.0
//
// What people hand over, in every form: the command line verifies it by a server, a server verifies it over HTTP, and
// `inspect` shows it. Each is decoded, or named with what is to be done.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tcb/base/crypto.h"
#include "tcb/base/percent.h"
#include "tcb/base/text.h"
#include "tcb/pki/pem.h"
#include "tests/service/testing/process.h"
#include "tests/service/testing/raw_http.h"
#include "tests/support/sim_hcl.h"
#include "tests/support/sim_vendor_server.h"

namespace thimble {
namespace {

using nlohmann::json;
using test::ProcessResult;
using test::RunThimble;

const sim::SnpPlatform kMilan = sim::SnpPlatform::Of(amd::Product::kMilan);
const sim::SnpPlatform kTurin = sim::SnpPlatform::Of(amd::Product::kTurin);

// What is handed over, and what is right.
struct Case {
  std::string name;
  std::string input;
  bool evidence;          // it is accepted, and the three ways decode it
  std::string words;      // of `decoded`, or of the refusal; "" for evidence that comes as it is
  std::string kind = "";  // by inspect; "": it is refused there as well, in the same words
};

std::string Text(const Bytes& bytes) { return std::string(AsText(bytes)); }
Bytes ToBytes(std::string_view text) { return {AsBytes(text).begin(), AsBytes(text).end()}; }
Bytes Part(const Bytes& bytes, size_t at, size_t size) {
  const auto begin = bytes.begin() + static_cast<std::ptrdiff_t>(at);
  return {begin, begin + static_cast<std::ptrdiff_t>(size)};
}
std::string Broken(std::string text, size_t columns) {
  for (size_t i = columns; i < text.size(); i += columns + 1) text.insert(i, "\n");
  return text + "\n";
}
Bytes Joined(const Bytes& a, const Bytes& b) {
  Bytes out = a;
  out.insert(out.end(), b.begin(), b.end());
  return out;
}

// The report in pieces, as virtee's library writes it.
json Number(const Bytes& report, size_t at, size_t size) {
  uint64_t value = 0;
  for (size_t i = size; i > 0; --i) value = value << 8 | report.at(at + i - 1);
  return value;
}
json Tcb(const Bytes& report, size_t at, bool turin) {
  if (turin) {
    return {{"fmc", report.at(at)},
            {"bootloader", report.at(at + 1)},
            {"tee", report.at(at + 2)},
            {"snp", report.at(at + 3)},
            {"microcode", report.at(at + 7)}};
  }
  return {{"fmc", nullptr},
          {"bootloader", report.at(at)},
          {"tee", report.at(at + 1)},
          {"snp", report.at(at + 6)},
          {"microcode", report.at(at + 7)}};
}
json Version(const Bytes& report, size_t at) {
  return {{"build", report.at(at)}, {"minor", report.at(at + 1)}, {"major", report.at(at + 2)}};
}
json FieldsOf(const Bytes& report, bool turin) {
  json out{{"version", Number(report, 0, 4)},     {"guest_svn", Number(report, 4, 4)},
           {"policy", Number(report, 8, 8)},      {"vmpl", Number(report, 0x30, 4)},
           {"sig_algo", Number(report, 0x34, 4)}, {"plat_info", Number(report, 0x40, 8)},
           {"key_info", Number(report, 0x48, 4)}, {"current", Version(report, 0x1E8)},
           {"committed", Version(report, 0x1EC)}, {"cpuid_fam_id", report.at(0x188)},
           {"cpuid_mod_id", report.at(0x189)},    {"cpuid_step", report.at(0x18A)}};
  const std::tuple<const char*, size_t, size_t> lists[] = {
      {"family_id", 0x10, 16},          {"image_id", 0x20, 16},
      {"report_data", 0x50, 64},        {"measurement", 0x90, 48},
      {"host_data", 0xC0, 32},          {"id_key_digest", 0xE0, 48},
      {"author_key_digest", 0x110, 48}, {"report_id", 0x140, 32},
      {"report_id_ma", 0x160, 32},      {"chip_id", 0x1A0, 64}};
  for (const auto& [name, at, size] : lists) out[name] = Part(report, at, size);
  const std::pair<const char*, size_t> tcbs[] = {
      {"current_tcb", 0x38}, {"reported_tcb", 0x180}, {"committed_tcb", 0x1E0}, {"launch_tcb", 0x1F0}};
  for (const auto& [name, at] : tcbs) out[name] = Tcb(report, at, turin);
  out["signature"] = {{"r", Part(report, 0x2A0, 72)}, {"s", Part(report, 0x2E8, 72)}};
  return out;
}

class HandedOver : public testing::Test {
 protected:
  HandedOver() : vendor_(intel_) {
    vendor_.AddKds(amd_);
    server_.emplace(std::vector<std::string>{
        "--listen", "127.0.0.1:0", "--pcs-url", vendor_.PcsUrl(), "--kds-url", vendor_.BaseUrl(), "--anchor",
        files_.Write("intel.pem", IntelRoot()), "--anchor", files_.Write("amd.pem", amd_.ArksPem()),
        "--frozen-time", FormatRfc3339(sim::kNow), "--ephemeral"});
  }
  std::string IntelRoot() const {
    return EncodePem(intel_.Certificate(sim::IntelCertificate::kRoot), "CERTIFICATE");
  }
  uint16_t port() const {
    const std::string& address = server_->address();
    return static_cast<uint16_t>(std::stoi(address.substr(address.rfind(':') + 1)));
  }

  // Each of these differs in its own way from a twin that is evidence.
  void Judge(const Case& each) {
    SCOPED_TRACE(each.name);
    const std::string path = files_.Write("input", each.input);
    const ProcessResult verified = RunThimble({"verify", path, "--server", server_->address(), "--json"});
    const test::RawAnswer answer = test::Post(port(), "/v1/verify", "application/octet-stream", each.input);
    const ProcessResult inspected = RunThimble({"inspect", path, "--json"});
    for (const std::string& said : {verified.out, verified.err, answer.body, inspected.out, inspected.err})
      EXPECT_EQ(said.find("version: 30768"), std::string::npos) << said;
    each.evidence ? Accepted(each, verified, answer) : Refused(each, verified, answer);
    if (each.kind.empty()) {
      EXPECT_EQ(inspected.exit_code, 4) << inspected.out << inspected.err;
      EXPECT_NE(inspected.out.find(each.words), std::string::npos) << inspected.out;
    } else {
      EXPECT_EQ(inspected.exit_code, 0) << inspected.out << inspected.err;
      const json file = json::parse(inspected.out, nullptr, false)["files"][0];
      EXPECT_EQ(file["kind"], each.kind);
      if (each.evidence && !each.words.empty()) {
        EXPECT_NE(file["decoded"].get<std::string>().find(each.words), std::string::npos) << file["decoded"];
      }
    }
  }
  static void Accepted(const Case& each, const ProcessResult& verified, const test::RawAnswer& answer) {
    EXPECT_EQ(verified.exit_code, 0) << verified.out << verified.err;
    EXPECT_EQ(answer.status, 200) << answer.body;
    EXPECT_EQ(json::parse(answer.body, nullptr, false)["decision"], "accept") << answer.body;
    const std::string header = answer.Header("X-Thimble-Decoded").value_or("");
    EXPECT_TRUE(verified.err.starts_with("judged by: ")) << verified.err;
    const std::string decoded = verified.err.substr(verified.err.find('\n') + 1);
    if (each.words.empty()) {
      EXPECT_EQ(header, "");
      EXPECT_EQ(decoded, "");
    } else {
      EXPECT_NE(header.find(each.words), std::string::npos) << header;
      EXPECT_EQ(decoded, StrCat("decoded: ", header, "\n"));
    }
  }
  static void Refused(const Case& each, const ProcessResult& verified, const test::RawAnswer& answer) {
    EXPECT_EQ(verified.exit_code, 4) << verified.out << verified.err;
    EXPECT_NE(verified.out.find(each.words), std::string::npos) << verified.out;
    EXPECT_EQ(answer.status, 400) << answer.body;
    EXPECT_NE(answer.body.find(each.words), std::string::npos) << answer.body;
    EXPECT_EQ(json::parse(answer.body, nullptr, false)["check"], "evidence.format") << answer.body;
  }

  test::TempDir files_;
  sim::SimIntel intel_ = sim::SimIntel::Make();
  sim::SimAmd amd_ = sim::SimAmd::Make();
  sim::SimVendorServer vendor_;
  std::optional<test::ServeProcess> server_;
};

TEST_F(HandedOver, QuotesInText) {
  const Bytes sgx = intel_.Quote(), tdx = intel_.Quote({.tdx = true}),
              v5 = intel_.Quote({.tdx = true, .version = 5});
  const std::string hex = HexLower(tdx), base64 = Base64(tdx), url = Base64Url(tdx);
  const Case cases[] = {
      {"an SGX quote", Text(sgx), true, "", "quote"},
      {"a TDX quote", Text(tdx), true, "", "quote"},
      {"a TDX quote of version 5", Text(v5), true, "", "quote"},
      {"hex", hex, true, "hex of a TDX quote", "quote"},
      {"hex, upper case", HexUpper(sgx), true, "hex of an SGX quote", "quote"},
      {"hex after 0x", "0x" + hex + "\n", true, "hex of a TDX quote", "quote"},
      {"hex in lines", Broken(hex, 60), true, "hex of a TDX quote", "quote"},
      {"hex in quotation marks", "\"" + hex + "\"", true, "hex of a TDX quote", "quote"},
      {"base64", base64, true, "base64 of a TDX quote", "quote"},
      {"base64 in lines", Broken(base64, 76), true, "base64 of a TDX quote", "quote"},
      {"base64url", url + "\n", true, "of a TDX quote", "quote"},
      {"PEM", EncodePem(tdx, "QUOTE"), true, "PEM of a TDX quote", "quote"},
      {"PEM after text", "my quote:\n" + EncodePem(tdx, "QUOTE"), false, "PEM after 10 bytes of other text"},
      {"a list of bytes", json(sgx).dump(), true, "a JSON list of bytes of an SGX quote", "quote"},
      {"base64 of version 5", Base64(v5), true, "base64 of a TDX quote", "quote"},
      {"hex that lost a digit", hex.substr(1), false, "a digit was lost"},
      {"hex of something else", HexLower(ToBytes("something else, of no meaning")), false,
       "is hex, and what it says"},
      {"base64 that lost its end", base64.substr(0, 1001), false, "no whole base64"},
      {"base64 of base64", Base64(ToBytes(base64)), false, "is base64, and what it says"},
      {"a list of more than bytes", "[3, 0, 256]", false, "not of bytes"},
      {"a hex dump", "00000000: 0300 0200 0000 0000  ........\n", false, "`xxd -r`"},
      {"UTF-16",
       std::string("\xff\xfe"
                   "0\0"
                   "3\0",
                   6),
       false, "UTF-16"},
  };
  for (const Case& each : cases) Judge(each);
}

TEST_F(HandedOver, QuotesInContainers) {
  const Bytes sgx = intel_.Quote(), tdx = intel_.Quote({.tdx = true});
  const std::string words = "a TDX quote in member \"quote\"";
  const json getquote{{"quote", HexLower(tdx)}, {"event_log", "[]"}, {"vm_config", "{}"}};
  const Bytes data = ToBytes("runtime data");
  const Bytes bound = intel_.Quote({.bend = [&](sim::QuoteSpec& quote) {
    const Digest256 digest = Sha256(data);
    quote.sgx.report_data = {};
    std::copy(digest.view().begin(), digest.view().end(), quote.sgx.report_data.begin());
  }});
  const json maa{{"quote", Base64Url(bound)},
                 {"runtimeData", {{"data", Base64Url(data)}, {"dataType", "Binary"}}},
                 {"nonce", 7}};
  json unbound = maa;
  unbound["quote"] = 7;
  const Case cases[] = {
      {"getquote JSON", getquote.dump(), true, words, "quote"},
      {"its event log", getquote.dump(), true, "not judged: event_log, vm_config", "quote"},
      {"base64 of it", Base64(ToBytes(getquote.dump())), true, "base64 of " + words, "quote"},
      {"trustee's TDX", json{{"cc_eventlog", nullptr}, {"quote", Base64(tdx)}}.dump(2), true, words, "quote"},
      {"trustee's SGX", json{{"quote", Base64(sgx)}}.dump(), true, "an SGX quote in member \"quote\"",
       "quote"},
      {"a list in JSON", json{{"quote", tdx}}.dump(), true, words, "quote"},
      {"a request to MAA", maa.dump(), true, "an SGX quote in member \"quote\"", "quote"},
      {"a number for a quote", unbound.dump(), false, "member \\\"quote\\\": is neither text nor"},
      {"an empty quote", R"({"quote": ""})", false, "member \\\"quote\\\": is empty"},
      {"text for a quote", R"({"quote": "none yet"})", false, "member \\\"quote\\\": is text"},
      {"a quote and a report", json{{"quote", HexLower(tdx)}, {"report", "00"}}.dump(), false, "with both"},
      {"a request to Thimble", json{{"evidence", Base64(tdx)}}.dump(), false, "POST it to /v1/verify",
       "verify_request"},
      {"a request to a KBS", R"({"tee-evidence": {}})", false, "hand over its member", "attestation_request"},
  };
  for (const Case& each : cases) Judge(each);
}

TEST_F(HandedOver, Reports) {
  const Bytes report = amd_.Report(kMilan), turin = amd_.Report(kTurin, {.version = 5});
  Bytes header(32);
  header.at(4) = 0xA0, header.at(5) = 0x04;
  const Bytes vcek = amd_.Leaf(kMilan);
  const json chain = json::array({{{"cert_type", "VCEK"}, {"data", vcek}}});
  const std::string pem = EncodePem(vcek, "CERTIFICATE") + amd_.ChainPem(kMilan.product, kMilan.kind);
  const json inner{{"SnpReport", Base64Url(report)}, {"VcekCertChain", Base64Url(ToBytes(pem))}};
  json incomplete = FieldsOf(report, false);
  incomplete.erase("chip_id");
  const Case cases[] = {
      {"a report", Text(report), true, "", "snp_report"},
      {"with its certificates", Text(amd_.ExtendedReport(kMilan)), true, "", "snp_report"},
      {"hex", HexUpper(report) + "\r\n", true, "hex of an SNP report", "snp_report"},
      {"base64 in lines", Broken(Base64(report), 64), true, "base64 of an SNP report", "snp_report"},
      {"PEM", EncodePem(report, "ATTESTATION REPORT"), true, "PEM of an SNP report", "snp_report"},
      {"the driver's header", Text(Joined(header, report)), true, "without the driver's header",
       "snp_report"},
      {"and certificates", Text(Joined(header, amd_.ExtendedReport(kMilan))), true,
       "with a certificate table, without the driver's header", "snp_report"},
      {"base64 of both", Base64(Joined(header, report)), true, "base64 of an SNP report, without",
       "snp_report"},
      {"trustee's", json{{"attestation_report", FieldsOf(report, false)}, {"cert_chain", chain}}.dump(), true,
       "put together from the fields", "snp_report"},
      {"trustee's, of Turin",
       json{{"attestation_report", FieldsOf(amd_.Report(kTurin), true)}, {"cert_chain", nullptr}}.dump(),
       true, "put together from the fields", "snp_report"},
      {"trustee's, of bytes", json{{"attestation_report", turin}}.dump(), true,
       "member \"attestation_report\"", "snp_report"},
      {"trustee's, with a field less", json{{"attestation_report", incomplete}}.dump(), false,
       "field \\\"chip_id\\\": is not there"},
      {"a request to MAA", json{{"report", Base64Url(ToBytes(inner.dump()))}, {"nonce", 7}}.dump(), true,
       "member \"SnpReport\"", "snp_report"},
  };
  for (const Case& each : cases) Judge(each);
}

TEST_F(HandedOver, ReportsOfAzuresMachines) {
  const std::string runtime = sim::RuntimeData(sim::VtpmKey());
  const Bytes hcl =
      sim::EncodeHclReport({.hardware_report = amd_.Report(kMilan, {.report_data = sim::BindingOf(runtime)}),
                            .runtime_data = runtime});
  const sim::TpmQuoteSpec spec{.pcrs = sim::SomePcrs(tpm::kSha256, 24)};
  const auto quote = sim::MakeTpmQuote(spec, sim::VtpmKey());
  json hex_pcrs = json::array(), list_pcrs = json::array();
  for (const auto& [number, value] : spec.pcrs.at(tpm::kSha256)) {
    hex_pcrs.push_back(HexLower(value));
    list_pcrs.push_back(value);
  }
  const Bytes vcek = amd_.Leaf(kMilan);
  const json v1{
      {"version", 1},
      {"tpm_quote",
       {{"signature", HexLower(quote.signature)}, {"message", HexLower(quote.message)}, {"pcrs", hex_pcrs}}},
      {"hcl_report", Base64Url(hcl)},
      {"vcek", Base64Url(vcek)}};
  const json v0{{"quote", {{"signature", quote.signature}, {"message", quote.message}, {"pcrs", list_pcrs}}},
                {"report", hcl},
                {"vcek", EncodePem(vcek, "CERTIFICATE")}};
  json without = v1;
  without["tpm_quote"].erase("signature");
  const Case cases[] = {
      {"an HCL report", Text(hcl), true, "", "hcl_report"},
      {"base64", Base64(hcl), true, "base64 of an HCL report", "hcl_report"},
      {"trustee's of version 1", v1.dump(), true, "an HCL report in member \"hcl_report\"", "hcl_report"},
      {"trustee's of version 0", v0.dump(), true, "an HCL report in member \"report\"", "hcl_report"},
      {"without a signature", without.dump(), false, "member \\\"tpm_quote\\\": has no \\\"signature\\\""},
  };
  for (const Case& each : cases) Judge(each);
}

TEST_F(HandedOver, WhatIsNoEvidence) {
  const Bytes certificate = intel_.Certificate(sim::IntelCertificate::kRoot), crl = intel_.RootCaCrl();
  const std::string pem = EncodePem(certificate, "CERTIFICATE");
  const json thim{{"vcekCert", EncodePem(amd_.Leaf(kMilan), "CERTIFICATE")},
                  {"certificateChain", amd_.ChainPem(kMilan.product, kMilan.kind)},
                  {"tcbm", "DB18000000000004"}};
  const Bytes tcb_info = intel_.TcbInfo(IntelTee::kSgx, sim::kServerFmspc);
  const json endorsements{{"endorsements", {pem}}};
  Bytes td_report(1024);
  td_report.at(0) = 0x81;
  const Case cases[] = {
      {"a certificate", Text(certificate), false, "a certificate", "certificates"},
      {"a chain after text", "Subject: CN=x\n" + pem, false, "certificates in PEM", "certificates"},
      {"a chain in PEM", pem + pem, false, "certificates in PEM", "certificates"},
      {"a chain from a header", PercentEncode(pem), false, "percent-encoded", "certificates"},
      {"a CRL", Text(crl), false, "a CRL", "crl"},
      {"a CRL as Intel has it", HexLower(crl), false, "is hex, and what it says is a CRL", "crl"},
      {"a CRL in base64", Base64(crl), false, "is base64, and what it says is a CRL", "crl"},
      {"a TCB info", Text(tcb_info), false, "it goes beside the evidence", "tcb_info"},
      {"a TCB info in base64", Base64(tcb_info), false, "it goes beside the evidence", "tcb_info"},
      {"a THIM document", thim.dump(), false, "a THIM document", "thim_document"},
      {"base64 of one", Base64(ToBytes(thim.dump())), false, "a THIM document", "thim_document"},
      {"endorsements", endorsements.dump(), false, "endorsements for an SNP report", "endorsements"},
      {"a private key", EncodePem(Bytes(32, 7), "PRIVATE KEY"), false, "a private key"},
      {"a TDREPORT", Text(td_report), false, "TDREPORT"},
      {"a gzip file", "\x1f\x8b\x08\x01 packed", false, "unpack it first"},
      {"HTML", "<html><body>sign in</body></html>", false, "HTML"},
      {"JSON of no known form", R"({"a": 1, "b": 2})", false, "members \\\"a\\\", \\\"b\\\""},
      {"JSON that is cut", R"({"quote": ")", false, "begins like JSON"},
      {"zeros", std::string(100, '\0'), false, "all zero"},
      {"one word", "noise!", false, "neither hex, base64, PEM nor JSON"},
  };
  for (const Case& each : cases) Judge(each);
}

}  // namespace
}  // namespace thimble
