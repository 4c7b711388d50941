// SPDX-License-Identifier: Apache-2.0
//
// What a running server reloads from its configuration; and that a bad one changes nothing.
#include <gtest/gtest.h>

#include <csignal>
#include <fstream>

#include "service/http/local_ca.h"
#include "service/http/server.h"
#include "tcb/base/text.h"
#include "tests/service/testing/process.h"
#include "tests/service/testing/tls_client.h"
#include "tests/service/testing/world.h"
#include "tests/support/eventually.h"

namespace thimble::test {
namespace {

constexpr const char* kTcb = "/sgx/certification/v4/tcb?fmspc=00806f050000";

RoleGrant Admin(std::string_view token) {
  return {.role = Role::kAdmin, .token_sha512 = TokenDigest(token), .client_sha256 = {}};
}
int RefreshAs(World& w, const std::string& token) {
  return Get(w.port(), "/sgx/certification/v4/refresh", StrCat("admin-token: ", token, "\r\n")).status;
}

TEST(Reload, TakesRoles) {
  World w;
  w.config.roles = {Admin("old")};
  w.Start();
  EXPECT_EQ(RefreshAs(w, "old"), 200);
  EXPECT_EQ(RefreshAs(w, "new"), 401);
  w.config.roles = {Admin("new")};
  ASSERT_TRUE(w.app->Reload(w.config).ok());
  EXPECT_EQ(RefreshAs(w, "old"), 401);
  EXPECT_EQ(RefreshAs(w, "new"), 200);
}

TEST(Reload, TakesPolicies) {
  World w;
  w.Start();
  const Bytes quote = w.intel.Quote({.version = 3});
  const auto result = [&] {
    return Post(w.port(), "/v1/verify", "application/octet-stream", AsText(quote)).body;
  };
  EXPECT_EQ(result().find("4000000000"), std::string::npos);
  w.config.policies["default"].min_tcb_evaluation = 4'000'000'000;
  ASSERT_TRUE(w.app->Reload(w.config).ok());
  EXPECT_NE(result().find("4000000000"), std::string::npos) << "what the policy wants";
}

TEST(Reload, TakesBaselines) {
  World w;
  w.Start();
  const auto verified = [&] {
    return Post(w.port(), "/v1/verify?baseline=next", "application/octet-stream", AsText(w.intel.Quote()))
        .status;
  };
  EXPECT_EQ(verified(), 400);
  Config next = w.config;
  next.baselines["next"] = next.baselines.at("default");
  ASSERT_TRUE(w.app->Reload(next).ok());
  EXPECT_EQ(verified(), 200);
  ASSERT_TRUE(w.app->Reload(w.config).ok());
  EXPECT_EQ(verified(), 400) << "what the configuration no longer names is no longer there";
  next.intel_upstreams = {{.url = "ftp://example.com/"}};
  ASSERT_FALSE(w.app->Reload(next).ok());
  EXPECT_EQ(verified(), 400) << "all or nothing";
}

TEST(Reload, TakesUpstreams) {
  World w;
  const sim::SimVendorServer other(w.intel);
  w.Start();
  w.config.intel_upstreams = {{.url = other.PcsUrl()}};
  ASSERT_TRUE(w.app->Reload(w.config).ok());
  EXPECT_EQ(Get(w.port(), kTcb).status, 200);
  EXPECT_EQ(w.vendor.Count(), 0u);
  EXPECT_GT(other.Count(), 0u);
}

TEST(Reload, ABadUpstreamChangesNothing) {
  World w;
  w.config.roles = {Admin("old")};
  w.Start();
  Config bad = w.config;
  bad.roles = {Admin("new")};
  bad.intel_upstreams = {{.url = "ftp://example.com/"}};
  const Status refused = w.app->Reload(bad);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(RefreshAs(w, "old"), 200);
  EXPECT_EQ(Get(w.port(), kTcb).status, 200);
  w.app->RecordRefusedReload(refused.error());
  EXPECT_NE(Get(w.port(), "/v1/status").body.find("\"configuration\":"), std::string::npos);
  EXPECT_EQ(Get(w.port(), "/readyz").status, 200);
  EXPECT_EQ(Get(w.port(), "/readyz?strict=1").status, 503);
  ASSERT_TRUE(w.app->Reload(w.config).ok());
  EXPECT_EQ(Get(w.port(), "/v1/status").body.find("\"configuration\":"), std::string::npos);
}

// The whole way: the file, the signal, and connections that go on meanwhile.
class ReloadBySignal : public testing::Test {
 protected:
  ReloadBySignal() : ca_(*MakeCa("CA", Clock::WallTime())) {
    options_.ca = w_.files.Write("ca.pem", ca_.certificate);
    NewCertificate();
    WriteConfig("old");
  }
  void NewCertificate() {
    const PemPair server = *MakeCertificate(ca_, CertificateUse::kServer, {"localhost"}, Clock::WallTime());
    w_.files.Write("server.pem", server.certificate);
    w_.files.Write("server.key", server.key);
  }
  void WriteConfig(std::string_view token, std::string_view more = "") {
    config_ = w_.files.Write(
        "thimble.toml",
        StrCat("[server]\nlisten = \"127.0.0.1:0\"\nanchors = [\"", w_.files / "root.pem",
               "\"]\ntls_certificate = \"", w_.files / "server.pem", "\"\ntls_key = \"",
               w_.files / "server.key", "\"\n", more, "[[intel.upstream]]\nurl = \"", w_.vendor.PcsUrl(),
               "\"\n[[role]]\nname = \"admin\"\ntoken_sha512 = \"", TokenDigest(token).hex(), "\"\n"));
  }
  TlsAnswer Ask(const ServeProcess& server, const std::string& target, const std::string& headers = "") {
    const auto address =
        http::ListenAddress::Parse(std::string_view(server.address()).substr(8));  // https://
    return AskOverTls(address->port, target, options_, headers);
  }
  TlsAnswer Refresh(const ServeProcess& server, std::string_view token) {
    return Ask(server, "/sgx/certification/v4/refresh", StrCat("admin-token: ", token, "\r\n"));
  }
  // The server takes a signal when it gets to it.
  bool SoonAnswers(const ServeProcess& server, std::string_view token, int status) {
    return Eventually([&] { return Refresh(server, token).status == status; });
  }
  // Until the status tells of a configuration that was refused, for a reason that names `word` or does not.
  bool SoonRefuses(const ServeProcess& server, std::string_view word, bool names_it) {
    return Eventually([&] {
      const std::string status = Ask(server, "/v1/status").text;
      const size_t refused = status.find("\"configuration\":");
      return refused != std::string::npos && (status.find(word, refused) != std::string::npos) == names_it;
    });
  }

  World w_;
  PemPair ca_;
  TlsOptions options_;
  std::string config_;
};

TEST_F(ReloadBySignal, TakesARenewedCertificateAndTokens) {
  ServeProcess server({"--ephemeral", "--config", config_, "--frozen-time", FormatRfc3339(sim::kNow)});
  ASSERT_TRUE(server.address().starts_with("https://"));
  const TlsAnswer before = Refresh(server, "old");
  ASSERT_EQ(before.status, 200);
  NewCertificate();
  WriteConfig("new");
  server.Signal(SIGHUP);
  ASSERT_TRUE(SoonAnswers(server, "new", 200));
  const TlsAnswer after = Refresh(server, "new");
  EXPECT_NE(after.server_sha256, before.server_sha256);
  EXPECT_EQ(Refresh(server, "old").status, 401);
}

TEST_F(ReloadBySignal, KeepsTheOldWhenTheNewIsBad) {
  ServeProcess server({"--ephemeral", "--config", config_, "--frozen-time", FormatRfc3339(sim::kNow)});
  const TlsAnswer before = Refresh(server, "old");
  ASSERT_EQ(before.status, 200);
  WriteConfig("new", "no_such_key = 1\n");
  server.Signal(SIGHUP);
  ASSERT_TRUE(SoonRefuses(server, "no_such_key", true));
  EXPECT_EQ(Refresh(server, "old").status, 200);
  EXPECT_EQ(Refresh(server, "new").status, 401);
  // A key that is not the certificate's.
  WriteConfig("new");
  w_.files.Write("server.key", MakeCa("x", Clock::WallTime())->key);
  server.Signal(SIGHUP);
  ASSERT_TRUE(SoonRefuses(server, "no_such_key", false));
  const TlsAnswer still = Refresh(server, "old");
  EXPECT_EQ(still.status, 200);
  EXPECT_EQ(still.server_sha256, before.server_sha256);
  NewCertificate();
  server.Signal(SIGHUP);
  EXPECT_TRUE(SoonAnswers(server, "new", 200));
}

// What a slow vendor holds up is answered before the process ends.
TEST(EndingSignal, AnswersWhatIsUnderWay) {
  World w;
  w.vendor.SetMode("hang", "/tcb");
  ServeProcess server({"--ephemeral", "--pcs-url", w.vendor.PcsUrl(), "--anchor", w.files / "root.pem",
                       "--listen", "127.0.0.1:0", "--frozen-time", FormatRfc3339(sim::kNow)});
  ASSERT_TRUE(server.address().starts_with("http://"));
  const auto address = http::ListenAddress::Parse(std::string_view(server.address()).substr(7));
  RawConnection connection(address->port);
  connection.Send(StrCat("GET ", kTcb, " HTTP/1.1\r\nHost: t\r\n\r\n"));
  ASSERT_TRUE(Eventually([&] { return w.vendor.Count("/tcb") > 0; }));
  server.Signal(SIGTERM);
  // Until it takes no new connections: else the answer might be there before the signal.
  EXPECT_TRUE(Eventually([&] { return !RawConnection(address->port).connected(); }));
  w.vendor.SetMode("ok", "/tcb");
  const RawAnswer answer = connection.Receive();
  EXPECT_NE(answer.status, 0) << "cut off";
  EXPECT_EQ(answer.Header("Connection"), "close");
  EXPECT_EQ(server.Terminate(), 0);
}

}  // namespace
}  // namespace thimble::test
