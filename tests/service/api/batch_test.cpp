// SPDX-License-Identifier: Apache-2.0
//
// POST /v1/verify/batch, and what goes for all own routes: methods, members, names of the host, origins.
#include <sstream>

#include "tests/service/api/verify_requests.h"

namespace thimble {
namespace {

using nlohmann::json;
using test::Post;
using test::RawAnswer;
using test::RawConnection;

class BatchTest : public test::VerifyApiTest {
 protected:
  BatchTest() { w_.Start(); }

  std::string Line(const Bytes& quote, json more = json::object()) {
    more["evidence"] = Base64(quote);
    return more.dump();
  }
  RawAnswer Batch(std::string_view body, std::string_view type = "application/x-ndjson") {
    return Post(w_.port(), "/v1/verify/batch", type, body);
  }
  static std::vector<std::string> Lines(const std::string& body) {
    std::vector<std::string> lines;
    std::istringstream in(body);
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    return lines;
  }
};

TEST_F(BatchTest, AnswersEachLineAsARequestByItself) {
  Bytes forged = w_.intel.Quote();
  forged.at(200) ^= 1;
  const std::vector<std::string> requests = {Line(w_.intel.Quote()),
                                             Line(forged),
                                             R"({"evidence":"AAAA"})",
                                             R"({"evidence":"AAAA","nope":1})",
                                             "no JSON",
                                             "",  // its answer is a 400, too: answers keep their lines
                                             " ",
                                             Line(w_.intel.Quote())};
  std::string body;
  for (int round = 0; round < 20; ++round) {
    for (const std::string& request : requests) body += request + (round % 2 == 0 ? "\n" : "\r\n");
  }
  body += "\n \n";  // blank lines at the end are none
  const RawAnswer answer = Batch(body);
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.Header("Content-Type"), "application/x-ndjson");
  EXPECT_EQ(answer.Header("Cache-Control"), "no-store");
  const auto lines = Lines(answer.body);
  ASSERT_EQ(lines.size(), 20 * requests.size());
  for (size_t i = 0; i < requests.size(); ++i) {
    const std::string alone = Post(w_.port(), "/v1/verify", "application/json", requests[i]).body;
    EXPECT_FALSE(alone.empty());
    for (size_t round = 0; round < 20; ++round) EXPECT_EQ(lines[round * requests.size() + i], alone) << i;
  }
  EXPECT_EQ(json::parse(lines[0])["decision"], "accept");
  EXPECT_EQ(json::parse(lines[1])["decision"], "reject");
  EXPECT_EQ(json::parse(lines[2])["status"], 400);
}

TEST_F(BatchTest, OfNothingIsAnsweredWithNothing) {
  const RawAnswer answer = Batch("\n\n");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "");
  EXPECT_EQ(Batch(Line(w_.intel.Quote()), "application/json").status, 415);
}

TEST_F(BatchTest, JudgesNoMoreThanALittleAheadOfWhatIsRead) {
  std::string body;
  for (int i = 0; i < 500; ++i) body += "{}\n";
  http::Request request;
  request.method = "POST";
  request.path = "/v1/verify/batch";
  request.headers = {{"content-type", "application/x-ndjson"}};
  request.body = body;
  http::Response response = w_.app->Handle(request);
  ASSERT_TRUE(response.pieces);
  EXPECT_NE(response.pieces().find("evidence"), std::string::npos);
  int more = 0;
  while (!response.pieces().empty()) ++more;
  EXPECT_EQ(more, 499);
  response = w_.app->Handle(request);
  (void)response.pieces();
  response.pieces = nullptr;  // the client is gone: what is under way ends by itself
}

TEST_F(BatchTest, NeedsTheRoleThatVerifies) {
  w_.Stop();
  w_.config.roles = {{.role = Role::kVerify, .token_sha512 = TokenDigest("secret"), .client_sha256 = {}}};
  w_.Start();
  EXPECT_EQ(Batch("{}\n").status, 401);
}

// ---- every own route ----

TEST_F(BatchTest, AWrongMethodIsToldTheRightOnes) {
  RawConnection connection(w_.port());
  connection.Send("GET /v1/verify HTTP/1.1\r\nHost: localhost\r\n\r\n");
  RawAnswer answer = connection.Receive();
  EXPECT_EQ(Problem(answer, 405)["check"], "request.method");
  EXPECT_EQ(answer.Header("Allow"), "POST, OPTIONS");
  connection.Send("OPTIONS /v1/status HTTP/1.1\r\nHost: localhost\r\n\r\n");
  answer = connection.Receive();
  EXPECT_EQ(answer.status, 204);
  EXPECT_EQ(answer.Header("Allow"), "GET, HEAD, OPTIONS");
  EXPECT_FALSE(answer.Header("Content-Length"));
  connection.Send("DELETE /sgx/certification/v4/tcb HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_EQ(connection.Receive().status, 404);  // as its original
}

TEST_F(BatchTest, AnUnknownMemberIsToldTheKnownOnes) {
  const json problem = Problem(PostJson({{"evidence", "AAAA"}, {"polcy", "x"}}), 400);
  const std::string detail = problem["detail"];
  EXPECT_NE(detail.find("unknown member \"polcy\"; known: evidence, at, policy,"), std::string::npos)
      << detail;
}

TEST_F(BatchTest, OnLoopbackAnotherNameIsNotThisServer) {
  RawConnection connection(w_.port());
  connection.Send("GET /v1/status HTTP/1.1\r\nHost: evil.example\r\n\r\n");
  EXPECT_EQ(Problem(connection.Receive(), 421)["check"], "request.host");
  connection.Send("GET /sgx/certification/v4/rootcacrl HTTP/1.1\r\nHost: evil.example\r\n\r\n");
  EXPECT_EQ(connection.Receive().status, 200);  // public data
  connection.Send("GET /metadata/THIM/amd/certification HTTP/1.1\r\nHost: 169.254.169.254\r\n\r\n");
  EXPECT_EQ(connection.Receive().status, 400);  // Azure's clients ask by this address
  w_.Stop();
  w_.config.server.hosts = {"evil.example"};
  w_.Start();
  RawConnection named(w_.port());
  named.Send("GET /v1/status HTTP/1.1\r\nHost: evil.example:1\r\n\r\n");
  EXPECT_EQ(named.Receive().status, 200);
}

TEST_F(BatchTest, AForeignPageMayReadWhereItIsAllowedAndChangeNothing) {
  w_.Stop();
  w_.config.server.cors_origins = {"https://console.example"};
  w_.Start();
  RawConnection connection(w_.port());
  connection.Send("GET /v1/status HTTP/1.1\r\nHost: localhost\r\nOrigin: https://console.example\r\n\r\n");
  EXPECT_EQ(connection.Receive().Header("Access-Control-Allow-Origin"), "https://console.example");
  connection.Send("GET /v1/status HTTP/1.1\r\nHost: localhost\r\nOrigin: https://evil.example\r\n\r\n");
  const RawAnswer foreign = connection.Receive();
  EXPECT_EQ(foreign.status, 200);
  EXPECT_FALSE(foreign.Header("Access-Control-Allow-Origin"));
  connection.Send(
      "POST /v1/challenge HTTP/1.1\r\nHost: localhost\r\nOrigin: https://console.example\r\nContent-Length: "
      "0\r\n\r\n");
  EXPECT_EQ(Problem(connection.Receive(), 403)["check"], "request.origin");
}

}  // namespace
}  // namespace thimble
