// SPDX-License-Identifier: Apache-2.0
#include "fetchers/intel_pck.h"

#include <gtest/gtest.h>

#include "tests/fetchers/pck_answers.h"

namespace thimble {
namespace {

using namespace test;

const PckUpstream kUpstream{"http://127.0.0.1:1/sgx/certification/v4/", false, "0123456789abcdef"};
const std::string kUrl = kUpstream.base + "pckcerts";
const std::string kUrlByPpid = kUrl + "?encrypted_ppid=" + kPpid.HexUpper() + "&pceid=0000";

Result<Fetched> FetchWith(FakeHttp& http, const std::optional<intel::PlatformProof>& proof,
                          const PckUpstream& upstream = kUpstream) {
  const PckQuery query{kPlatform, proof, {}};
  return FetchPckCerts(http, upstream, query, SteadyTime(std::chrono::seconds(7)));
}
Result<Fetched> AnsweredBy(const HttpResponse& response) {
  FakeHttp http;
  http.On(kUrlByPpid, response);
  return FetchWith(http, kPpid);
}

bool HasKey(const HttpRequest& request) {
  return std::ranges::count(request.headers, std::pair<std::string, std::string>("Ocp-Apim-Subscription-Key",
                                                                                 "0123456789abcdef")) == 1;
}

TEST(IntelPck, AsksByEncryptedPpid) {
  FakeHttp http;
  http.On(kUrlByPpid, PcsAnswer());
  const auto fetched = FetchWith(http, kPpid);
  ASSERT_TRUE(fetched.ok()) << fetched.error().message;
  EXPECT_TRUE(Authentic(*fetched));
  EXPECT_EQ(std::string(AsText(fetched->bytes.body)), PckCerts()) << "byte for byte";
  EXPECT_EQ(fetched->source, kUrl) << "without the PPID";
  ASSERT_EQ(http.requests.size(), 1u);
  EXPECT_EQ(http.requests[0].method, "GET");
  EXPECT_TRUE(HasKey(http.requests[0]));
  EXPECT_EQ(http.requests[0].deadline, SteadyTime(std::chrono::seconds(7)));
  EXPECT_EQ(http.requests[0].max_body, 1u << 20);
}

TEST(IntelPck, AsksByManifest) {
  FakeHttp http;
  http.On(kUrl, PcsAnswer());
  const auto fetched = FetchWith(http, kManifest);
  ASSERT_TRUE(fetched.ok()) << fetched.error().message;
  ASSERT_EQ(http.requests.size(), 1u);
  EXPECT_EQ(http.requests[0].method, "POST");
  EXPECT_EQ(http.requests[0].body,
            R"({"platformManifest":")" + HexUpper(kManifest.bytes()) + R"(","pceid":"0000"})");
  EXPECT_EQ(http.requests[0].headers[0],
            (std::pair<std::string, std::string>("Content-Type", "application/json")));
  EXPECT_TRUE(HasKey(http.requests[0]));
}

TEST(IntelPck, SendsNoKeyWhereThereIsNone) {
  FakeHttp http;
  http.On(kUrlByPpid, PcsAnswer());
  ASSERT_TRUE(FetchWith(http, kPpid, {kUpstream.base, false, ""}).ok());
  EXPECT_TRUE(http.requests[0].headers.empty());
}

TEST(IntelPck, WithoutProofNothingIsAsked) {
  FakeHttp http;
  EXPECT_EQ(CheckOf(FetchWith(http, std::nullopt)), Check::kUpstreamNotFound);
  EXPECT_EQ(CheckOf(FetchWith(http, intel::EncryptedPpid())), Check::kUpstreamNotFound) << "all zeros";
  EXPECT_TRUE(http.requests.empty());
}

TEST(IntelPck, TellsStatusesApart) {
  EXPECT_EQ(CheckOf(AnsweredBy(PcsAnswer())), Check::kNone);
  EXPECT_EQ(CheckOf(AnsweredBy(Response(404))), Check::kUpstreamNotFound);
  EXPECT_EQ(CheckOf(AnsweredBy(Response(401))), Check::kUpstreamKey);
  EXPECT_EQ(CheckOf(AnsweredBy(Response(403))), Check::kUpstreamKey);
  EXPECT_EQ(CheckOf(AnsweredBy(Response(400))), Check::kRequest);
  for (const int status : {204, 302, 429, 500, 503, 461}) {
    EXPECT_EQ(CheckOf(AnsweredBy(Response(status))), Check::kUpstreamStatus) << status;
  }
}

TEST(IntelPck, QuotesTheVendorsWordsAndNeverTheProof) {
  const auto refused = AnsweredBy(
      Response(400, "", {{"error-code", "InvalidParameter"}, {"error-message", "encrypted_ppid is bad"}}));
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().message.find("InvalidParameter"), std::string::npos);
  EXPECT_NE(refused.error().message.find("encrypted_ppid is bad"), std::string::npos);
  FakeHttp http;
  http.Otherwise([](const HttpRequest& request) { return Unreachable(request); });
  for (const auto& error : {refused.error(), FetchWith(http, kPpid).error()}) {
    EXPECT_EQ(error.message.find(kPpid.HexUpper()), std::string::npos) << error.message;
    EXPECT_NE(error.message.find(kUrl), std::string::npos) << error.message;
  }
  EXPECT_EQ(CheckOf(FetchWith(http, kPpid)), Check::kUpstreamUnreachable);
}

TEST(IntelPck, A200ThatIsNotTheAnswer) {
  EXPECT_EQ(CheckOf(AnsweredBy(Response(200, PckCerts()))), Check::kUpstreamAnswer) << "no chain";
  EXPECT_EQ(CheckOf(AnsweredBy(Response(200, "<html>", {PckChainHeader()}))), Check::kUpstreamAnswer);
  EXPECT_EQ(CheckOf(AnsweredBy(Response(200, "{}", {PckChainHeader()}))), Check::kUpstreamAnswer);
  EXPECT_EQ(CheckOf(AnsweredBy(Response(200, "", {PckChainHeader()}))), Check::kUpstreamAnswer);
}

TEST(PlatformManifest, IsOfALengthThatManifestsHave) {
  using intel::PlatformManifest;
  EXPECT_TRUE(PlatformManifest::From(Bytes(8431)));
  EXPECT_FALSE(PlatformManifest::From(Bytes(8430)));
  EXPECT_TRUE(PlatformManifest::From(Bytes(56442)));
  EXPECT_FALSE(PlatformManifest::From(Bytes(56443)));
}

}  // namespace
}  // namespace thimble
