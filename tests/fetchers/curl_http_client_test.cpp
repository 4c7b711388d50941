// SPDX-License-Identifier: Apache-2.0
#include "fetchers/curl_http_client.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "tcb/check.h"
#include "tests/fetchers/raw_server.h"
#include "tests/support/temp_dir.h"

namespace thimble {
namespace {

using std::chrono::milliseconds;
using test::HttpOk;
using test::RawAnswer;
using test::RawServer;
using Clock = std::chrono::steady_clock;

HttpRequest Get(std::string url) {
  HttpRequest request;
  request.url = std::move(url);
  request.deadline = Clock::now() + std::chrono::seconds(10);
  return request;
}

RawServer::Handler Always(RawAnswer answer) {
  return [answer](const std::string&) { return answer; };
}

Result<HttpResponse> SendTo(const RawAnswer& answer, milliseconds deadline = milliseconds(5000)) {
  RawServer server(Always(answer));
  CurlHttpClient client({});
  HttpRequest request = Get(server.Url());
  request.deadline = Clock::now() + deadline;
  request.max_body = 1000;
  return client.Send(request);
}

// Sets an environment variable for one test.
class ScopedEnvironment {
 public:
  ScopedEnvironment(const char* name, const std::string& value) : name_(name) {
    setenv(name, value.c_str(), 1);
  }
  ~ScopedEnvironment() { unsetenv(name_); }

 private:
  const char* name_;
};

TEST(CurlHttpClient, BringsStatusHeadersAndBody) {
  const auto answer = SendTo({HttpOk("hello", "X-Some-Header:  a b \r\n")});
  ASSERT_TRUE(answer.ok()) << answer.error().message;
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(answer->Header("x-some-header"), "a b");
  EXPECT_EQ(AsText(answer->body), "hello");
}

TEST(CurlHttpClient, SendsWhatItIsTold) {
  std::string head;
  RawServer server([&](const std::string& seen) {
    head = seen;
    return RawAnswer{HttpOk("")};
  });
  CurlHttpClient client({});
  HttpRequest request = Get(server.Url("/path?x=%2B"));
  request.headers = {{"Metadata", "true"}};
  ASSERT_TRUE(client.Send(request).ok());
  EXPECT_TRUE(head.starts_with("GET /path?x=%2B HTTP/1.1\r\n")) << head;
  EXPECT_NE(head.find("Metadata: true\r\n"), std::string::npos) << head;
  EXPECT_EQ(head.find("Accept-Encoding"), std::string::npos) << "bodies are to come as they are";
}

TEST(CurlHttpClient, OtherStatusesAreAnswersToo) {
  for (const int status : {204, 404, 429, 500}) {
    const auto answer = SendTo({"HTTP/1.1 " + std::to_string(status) + " x\r\nContent-Length: 0\r\n\r\n"});
    ASSERT_TRUE(answer.ok());
    EXPECT_EQ(answer->status, status);
  }
}

TEST(CurlHttpClient, DoesNotFollowRedirects) {
  RawServer elsewhere(Always({HttpOk("followed")}));
  RawServer server(
      Always({"HTTP/1.1 302 Found\r\nLocation: " + elsewhere.Url() + "\r\nContent-Length: 0\r\n\r\n"}));
  CurlHttpClient client({});
  const auto answer = client.Send(Get(server.Url()));
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(answer->status, 302);
  EXPECT_EQ(elsewhere.connections(), 0);
}

TEST(CurlHttpClient, ATruncatedBodyIsAnError) {
  const std::string whole = HttpOk("0123456789");
  EXPECT_TRUE(SendTo({whole}).ok());
  const auto answer = SendTo({whole.substr(0, whole.size() - 1)});
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().check, Check::kUpstreamUnreachable);

  const std::string chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n";
  EXPECT_TRUE(SendTo({chunked + "0\r\n\r\n"}).ok());
  EXPECT_FALSE(SendTo({chunked}).ok());
  EXPECT_FALSE(SendTo({"HTTP/1.1 200 OK\r\nConte"}).ok());
}

TEST(CurlHttpClient, ABodyIsReadUpToTheLimitOnly) {
  const auto at_limit = SendTo({HttpOk(std::string(1000, 'x'))});
  ASSERT_TRUE(at_limit.ok());
  EXPECT_EQ(at_limit->body.size(), 1000u);
  const auto announced = SendTo({HttpOk(std::string(1001, 'x'))});
  ASSERT_FALSE(announced.ok());
  EXPECT_EQ(announced.error().check, Check::kUpstreamAnswer);
  // Without a length, and without an end.
  const auto endless = SendTo({"HTTP/1.1 200 OK\r\n\r\n" + std::string(600, 'x'), true});
  ASSERT_FALSE(endless.ok());
  EXPECT_EQ(endless.error().check, Check::kUpstreamAnswer);
}

TEST(CurlHttpClient, HeadersAreReadUpToTheLimitOnly) {
  const std::string header = "X: " + std::string(4000, 'x') + "\r\n";
  std::string few = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n", many = few;
  for (int i = 0; i < 10; ++i) few += header;
  for (int i = 0; i < 40; ++i) many += header;
  EXPECT_TRUE(SendTo({few + "\r\n"}).ok());
  const auto answer = SendTo({many + "\r\n"});
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().check, Check::kUpstreamAnswer);
}

TEST(CurlHttpClient, TheDeadlineHolds) {
  const RawAnswer slow{HttpOk("late"), false, milliseconds(300)};
  EXPECT_TRUE(SendTo(slow, milliseconds(5000)).ok());
  const auto start = Clock::now();
  const auto answer = SendTo({HttpOk("late"), false, milliseconds(10'000)}, milliseconds(200));
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().check, Check::kUpstreamUnreachable);
  EXPECT_LT(Clock::now() - start, milliseconds(3000));
}

TEST(CurlHttpClient, NothingIsSentWhenNoTimeIsLeft) {
  RawServer server(Always({HttpOk("")}));
  CurlHttpClient client({});
  HttpRequest request = Get(server.Url());
  request.deadline = Clock::now();
  ASSERT_FALSE(client.Send(request).ok());
  EXPECT_EQ(server.connections(), 0);
}

TEST(CurlHttpClient, NobodyListeningIsUnreachable) {
  std::string url;
  {
    RawServer server(Always({HttpOk("")}));
    url = server.Url();
  }
  CurlHttpClient client({});
  const auto answer = client.Send(Get(url));
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().check, Check::kUpstreamUnreachable);
}

TEST(CurlHttpClient, OnlyAKnownCertificateIsAccepted) {
  RawServer server(Always({HttpOk("secret")}), RawServer::Transport::kTls);
  const auto refused = CurlHttpClient({}).Send(Get(server.Url()));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().check, Check::kUpstreamUnreachable);
  EXPECT_EQ(server.requests(), 0);

  const test::TempDir files;
  CurlOptions options;
  options.ca_file = files.Write("ca.pem", server.certificate_pem());
  CurlHttpClient client(options);
  const auto accepted = client.Send(Get(server.Url()));
  EXPECT_TRUE(accepted.ok()) << accepted.error().message;
  // Known, but for another name.
  EXPECT_FALSE(client.Send(Get("https://localhost:" + std::to_string(server.port()) + "/")).ok());
}

// The proxy sees what would otherwise have left the machine.
TEST(CurlHttpClient, PlainHttpNeedsPermissionBeyondTheMachine) {
  RawServer proxy(Always({HttpOk("proxied")}));
  CurlOptions options;
  options.proxy = proxy.Url();
  CurlHttpClient client(options);
  HttpRequest request = Get("http://pcs.invalid/");
  const auto refused = client.Send(request);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().check, Check::kRequest);
  EXPECT_EQ(proxy.connections(), 0);
  request.allow_http = true;
  EXPECT_TRUE(client.Send(request).ok());
  EXPECT_EQ(proxy.requests(), 1);
}

TEST(CurlHttpClient, OtherProtocolsAreRefused) {
  for (const char* url : {"ftp://127.0.0.1/", "file:///etc/hostname", "gopher://127.0.0.1/", "127.0.0.1"}) {
    const auto answer = CurlHttpClient({}).Send(Get(url));
    ASSERT_FALSE(answer.ok()) << url;
    EXPECT_EQ(answer.error().check, Check::kRequest);
  }
}

TEST(CurlHttpClient, LoopbackIsNeverProxied) {
  RawServer proxy(Always({HttpOk("proxied")}));
  RawServer server(Always({HttpOk("direct")}));
  CurlOptions options;
  options.proxy = proxy.Url();
  const auto answer = CurlHttpClient(options).Send(Get(server.Url()));
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(AsText(answer->body), "direct");
  EXPECT_EQ(proxy.connections(), 0);
}

TEST(CurlHttpClient, TakesTheProxyFromTheEnvironment) {
  std::string head;
  RawServer proxy([&](const std::string& seen) {
    head = seen;
    return RawAnswer{"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n"};
  });
  const ScopedEnvironment https_proxy("HTTPS_PROXY", proxy.Url());
  CurlHttpClient client({});
  EXPECT_FALSE(client.Send(Get("https://pcs.invalid/")).ok());
  EXPECT_TRUE(head.starts_with("CONNECT pcs.invalid:443 ")) << head;
  const ScopedEnvironment no_proxy("NO_PROXY", ".invalid");
  EXPECT_FALSE(client.Send(Get("https://pcs.invalid/")).ok());
  EXPECT_EQ(proxy.requests(), 1);
}

TEST(CurlHttpClient, ReusesConnections) {
  RawServer server(Always({HttpOk("again"), false, milliseconds(0), true}));
  CurlHttpClient client({});
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(client.Send(Get(server.Url())).ok());
  EXPECT_EQ(server.requests(), 5);
  EXPECT_EQ(server.connections(), 1);
}

TEST(CurlHttpClient, ManyThreadsAtOnce) {
  RawServer server(Always({HttpOk("fine"), false, milliseconds(20), true}));
  CurlHttpClient client({});
  std::atomic<int> good{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 5; ++i) good += client.Send(Get(server.Url())).ok() ? 1 : 0;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(good, 40);
}

TEST(CurlHttpClient, AHeaderCannotSmuggleAnother) {
  RawServer server(Always({HttpOk("")}));
  CurlHttpClient client({});
  HttpRequest request = Get(server.Url());
  request.headers = {{"A", "b\r\nC: d"}};
  EXPECT_FALSE(client.Send(request).ok());
  EXPECT_EQ(server.connections(), 0);
}

}  // namespace
}  // namespace thimble
