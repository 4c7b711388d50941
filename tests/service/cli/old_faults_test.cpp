// SPDX-License-Identifier: Apache-2.0
//
// `thimble doctor --client` against a server with a fault that clients have met: each fault, beside every client, fails at
// the requests that it breaks, and at no other. A good server is made faulty by a proxy before it.
//
// Faults that no single answer shows are held elsewhere: a proxy that counts as one client, by TrustedProxies and
// ProxyProtocolServer; waiting for its own back-off after an outage, by OutageTest and QcnlInAnOutage; a PCK certificate
// that Intel would not choose, by PckSelectionProperty; PCK certificates that pass between caches, with those of a platform
// that is there, by PckBetweenCaches; names of causes in log and metrics, by Causes.
#include <gtest/gtest.h>

#include <map>

#include "service/cli/doctor/doctor.h"
#include "service/http/roles.h"
#include "tcb/base/text.h"
#include "tests/service/testing/amd_world.h"
#include "tests/service/testing/bending_proxy.h"
#include "tests/service/testing/process.h"

namespace thimble {
namespace {

using namespace test;

bool Has(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

// A good server with AMD and Intel behind it, made once: what it has is asked for once.
struct GoodServer : AmdWorld {
  GoodServer() {
    config.roles = {{.role = Role::kAdmin, .token_sha512 = TokenDigest("secret"), .client_sha256 = {}}};
    Start();
    flags.token_file = files.Write("token", "secret\n");
  }
  ConfigFlags flags;
};

class OldFaults : public testing::Test {
 protected:
  static void SetUpTestSuite() { server_ = std::make_unique<GoodServer>(); }
  static void TearDownTestSuite() { server_.reset(); }

  // What fails, with why, of all that this client sends.
  static std::vector<std::string> Failures(const KnownClient& client, const Fault& fault) {
    const BendingProxy proxy(server_->port(), fault);
    Doctor doctor(anchors_, {}, *intel::Fmspc::FromHex(sim::kServerFmspc), sim::kNow, [](const Symptom&) {});
    auto asked = ThimbleClient::AtUrl(proxy.url(), server_->flags);
    EXPECT_TRUE(asked.ok());
    doctor.CheckServer(*asked, client);
    EXPECT_EQ(doctor.diagnosis().at(0).what, "answers");
    EXPECT_EQ(doctor.diagnosis().at(0).level, Symptom::Level::kOk);
    std::vector<std::string> out;
    for (const Symptom& symptom : doctor.diagnosis()) {
      if (symptom.level != Symptom::Level::kFail) continue;
      EXPECT_FALSE(symptom.fix.empty());
      out.push_back(StrCat(symptom.what, " | ", symptom.detail));
    }
    EXPECT_EQ(doctor.well(), out.empty());
    return out;
  }

  static std::unique_ptr<GoodServer> server_;
  static inline const TrustAnchors anchors_;  // of upstreams, which are not looked at
};
std::unique_ptr<GoodServer> OldFaults::server_;

struct Broken {
  const char* client;
  size_t requests;
  std::vector<const char*> said;  // in each of them
};
struct OldFault {
  const char* name;
  Fault fault;
  std::vector<Broken> broken;  // every other client finds nothing
};

// ---- the faults, in the order of the clients that they broke ----

const std::vector<OldFault> kAzureFaults = {
    {"an address that is escaped twice is not understood",
     [](const AskedRequest& asked, RawAnswer& answer) {
       if (Has(asked.target, "uri=https%25")) Refuse(answer, 400, "request.invalid");
     },
     {{"azure-dcap", 3, {"escaped twice | HTTP 400"}}}},
    {"the Processor CA's CRL is not known by its own name",
     [](const AskedRequest& asked, RawAnswer& answer) {
       if (Has(asked.target, "intelsgxpckprocessor.crl")) Refuse(answer, 400, "request.invalid");
     },
     {{"azure-dcap", 1, {"/intelsgxpckprocessor.crl", "HTTP 400"}}}},
    {"distribution points of versions 1 and 2 are not known",
     [](const AskedRequest& asked, RawAnswer& answer) {
       if (Has(asked.target, "v1%2Fpckcrl") || Has(asked.target, "v2%2Fpckcrl"))
         Refuse(answer, 400, "request.invalid");
     },
     {{"azure-dcap", 4, {"/pckcrl?ca=p", "HTTP 400"}}}},
    {"the root CA CRL comes without its chain",
     [](const AskedRequest& asked, RawAnswer& answer) {
       if (Has(asked.target, "/rootcacrl")) RemoveHeader(answer, "SGX-PCK-CRL-Issuer-Chain");
     },
     {{"azure-dcap-tdx", 1, {"/rootcacrl", "no header sgx-pck-crl-issuer-chain"}}}},
    {"there is no Cache-Control",
     [](const AskedRequest&, RawAnswer& answer) { RemoveHeader(answer, "Cache-Control"); },
     {{"azure-dcap", 13, {"Cache-Control is \"\""}}, {"azure-dcap-tdx", 5, {"Cache-Control is \"\""}}}}};

const std::vector<OldFault> kPcsFaults = {
    {"the root CA CRL does not lie at its distribution point's path",
     [](const AskedRequest& asked, RawAnswer& answer) {
       if (asked.target.starts_with("/IntelSGXRootCA.der")) Refuse(answer, 404);
     },
     {{"pccs", 1, {"/IntelSGXRootCA.der | HTTP 404"}},
      {"pcsclient", 1, {"/IntelSGXRootCA.der | HTTP 404"}},
      {"go-tdx-guest", 1, {"/IntelSGXRootCA.der | HTTP 404"}}}},
    {"pckcerts needs a QE id",
     [](const AskedRequest& asked, RawAnswer& answer) {
       if (Has(asked.target, "/pckcerts?encrypted_ppid=")) Refuse(answer, 400, "request.invalid");
     },
     {{"pccs", 1, {"/pckcerts", "not understood"}}, {"pcsclient", 1, {"/pckcerts", "not understood"}}}},
    {"there are no pckcerts",
     [](const AskedRequest& asked, RawAnswer& answer) {
       if (Has(asked.target, "/pckcerts?encrypted_ppid=")) Refuse(answer, 404);
     },
     {{"pccs", 1, {"/pckcerts", "no such route"}}, {"pcsclient", 1, {"/pckcerts", "no such route"}}}},
    {"JSON has a charset",
     [](const AskedRequest&, RawAnswer& answer) {
       if (answer.Header("Content-Type") == "application/json")
         SetHeader(answer, "Content-Type", "application/json; charset=utf-8");
     },
     {{"pcsclient", 5, {"Content-Type is \"application/json; charset=utf-8\""}}}}};

bool IsUpload(const AskedRequest& asked) { return asked.method == "PUT"; }

const std::vector<OldFault> kUploadFaults = {
    {"CRLs without any chain are refused",
     [](const AskedRequest& asked, RawAnswer& answer) {
       if (IsUpload(asked) && Has(asked.body, R"("tcbinfos":[])")) Refuse(answer, 460, "collateral.missing");
     },
     {{"pccsadmin", 1, {"platformcollateral: CRLs alone | HTTP 460"}}}},
    {"a CRL of a CA without its chain is refused",
     [](const AskedRequest& asked, RawAnswer& answer) {
       if (IsUpload(asked) && !Has(asked.body, "\"PROCESSOR\"")) Refuse(answer, 460, "collateral.missing");
     },
     {{"pccsadmin", 3, {"platformcollateral: ", "HTTP 460"}}}},
    {"what has a chain in the cache is left out",
     [](const AskedRequest& asked, RawAnswer& answer) {
       if (IsUpload(asked))
         SetHeader(answer, "X-Thimble-Refused", "collateral.missing intel/pckcrl/processor");
     },
     {{"pccsadmin", 3, {"left out: collateral.missing intel/pckcrl/processor"}}}},
    {"uploads have the limit of other bodies",
     [](const AskedRequest& asked, RawAnswer& answer) {
       if (asked.body.size() > (2u << 20)) Refuse(answer, 413, "request.invalid");
     },
     {{"pccsadmin", 1, {"of a large site | HTTP 413"}}}}};

const std::vector<OldFault> kQcnlFaults = {
    {"a parameter that a site adds is refused",
     [](const AskedRequest& asked, RawAnswer& answer) {
       if (Has(asked.target, "param1=value1")) Refuse(answer, 400, "request.invalid");
     },
     {{"qcnl", 1, {"/pckcert", "HTTP 400, cause request.invalid"}}}},
    {"customParameter must not end with a NUL",
     [](const AskedRequest& asked, RawAnswer& answer) {
       if (Has(asked.target, "customParameter=")) Refuse(answer, 400, "request.invalid");
     },
     {{"qcnl", 1, {"customParameter=", "HTTP 400"}}}},
    {"a long address is any wrong request",
     [](const AskedRequest& asked, RawAnswer& answer) {
       if (asked.target.size() > 16'384) Refuse(answer, 431);
     },
     {{"qcnl", 1, {"an address that is too long | HTTP 431, needs 414"}}}},
    {"causes have names of their own",
     [](const AskedRequest&, RawAnswer& answer) {
       if (answer.Header("X-Thimble-Cause")) SetHeader(answer, "X-Thimble-Cause", "not_registered");
     },
     {{"qcnl", 2, {"\"not_registered\", which is the name of no check"}},
      {"azure-dcap", 1, {"/metadata/THIM/sgx/certification/v4/pckcert", "the name of no check"}},
      {"azure-snp", 2, {"the name of no check"}},
      {"pccs", 1, {"/pckcerts", "the name of no check"}},
      {"pcsclient", 1, {"/pckcerts", "the name of no check"}},
      {"kds", 1, {"/vcek/v1/Milan/", "the name of no check"}}}}};

// ----

TEST_F(OldFaults, AGoodServerHasNone) {
  for (const KnownClient& client : KnownClients()) {
    EXPECT_EQ(Failures(client, nullptr), std::vector<std::string>()) << client.name;
  }
}

class EachOldFault : public OldFaults, public testing::WithParamInterface<OldFault> {};

TEST_P(EachOldFault, FailsAtWhatItBreaksAndAtNothingElse) {
  std::map<std::string_view, Broken> broken;
  for (const Broken& one : GetParam().broken) {
    ASSERT_NE(FindClient(one.client), nullptr) << one.client;
    broken.emplace(one.client, one);
  }
  for (const KnownClient& client : KnownClients()) {
    const std::vector<std::string> failures = Failures(client, GetParam().fault);
    const auto expected = broken.find(client.name);
    std::string all;
    for (const std::string& failure : failures) all += StrCat("  ", failure, "\n");
    ASSERT_EQ(failures.size(), expected == broken.end() ? 0 : expected->second.requests)
        << client.name << "\n"
        << all;
    for (const std::string& failure : failures) {
      for (const char* const said : expected->second.said) EXPECT_TRUE(Has(failure, said)) << failure;
    }
  }
}

std::string ParamName(const testing::TestParamInfo<OldFault>& info) {
  std::string out;
  bool begins = true;
  for (const char c : std::string_view(info.param.name)) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (letter) out += begins && c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    begins = !letter;
  }
  return out;
}
INSTANTIATE_TEST_SUITE_P(Azure, EachOldFault, testing::ValuesIn(kAzureFaults), ParamName);
INSTANTIATE_TEST_SUITE_P(Pcs, EachOldFault, testing::ValuesIn(kPcsFaults), ParamName);
INSTANTIATE_TEST_SUITE_P(Upload, EachOldFault, testing::ValuesIn(kUploadFaults), ParamName);
INSTANTIATE_TEST_SUITE_P(Qcnl, EachOldFault, testing::ValuesIn(kQcnlFaults), ParamName);

// The command's word for it is its exit code.
TEST_F(OldFaults, EndTheCommandWith3) {
  const BendingProxy proxy(server_->port(), kPcsFaults.front().fault);
  for (const auto& [client, code] : {std::pair("go-tdx-guest", 3), std::pair("dcap-qvl", 0)}) {
    const ProcessResult result = RunThimble({"doctor", "--server", proxy.url(), "--client", client});
    EXPECT_EQ(result.exit_code, code) << result.out << result.err;
    EXPECT_EQ(Has(result.out, "FAIL"), code == 3) << result.out;
  }
}

// Without its role an upload is told which option gives it one.
TEST_F(OldFaults, AMissingTokenIsNamed) {
  const ProcessResult result = RunThimble(
      {"doctor", "--server", StrCat("http://127.0.0.1:", server_->port()), "--client", "pccsadmin"});
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_TRUE(Has(result.out, "give its token by --token-file")) << result.out;
}

}  // namespace
}  // namespace thimble
