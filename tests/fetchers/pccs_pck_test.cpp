// SPDX-License-Identifier: Apache-2.0
#include "fetchers/pccs_pck.h"

#include <gtest/gtest.h>

#include "tests/fetchers/pck_answers.h"

namespace thimble {
namespace {

using namespace test;

const PckUpstream kPccs{"http://127.0.0.1:1/sgx/certification/v4/", false, "0123456789abcdef"};
const std::string kUrl = kPccs.base + "pckcert";
const intel::PckTcb kRaw = TcbOf(sim::ServerPlatform());

Result<Fetched> FetchWith(FakeHttp& http, const PckQuery& query = {kPlatform, kPpid, kRaw}) {
  return FetchPccsPck(http, kPccs, query, SteadyTime(std::chrono::seconds(7)));
}
Result<Fetched> AnsweredBy(const HttpResponse& response) {
  FakeHttp http;
  http.Otherwise([&](const HttpRequest&) -> Result<HttpResponse> { return response; });
  return FetchWith(http);
}

TEST(PccsPck, AsksAsIntelsClientDoesAndKeepsTheCertificateAsASetOfOne) {
  FakeHttp http;
  http.Otherwise([](const HttpRequest&) -> Result<HttpResponse> { return PccsAnswer(); });
  const auto fetched = FetchWith(http);
  ASSERT_TRUE(fetched.ok()) << fetched.error().message;
  EXPECT_TRUE(Authentic(*fetched));
  EXPECT_EQ(std::string(AsText(fetched->bytes.body)), PckCerts());
  EXPECT_EQ(fetched->source, kUrl) << "without the PPID";
  ASSERT_EQ(http.requests.size(), 1u);
  EXPECT_EQ(http.requests[0].url,
            kUrl + "?qeid=0102030405060708090A0B0C0D0E0F10&cpusvn=" + kRaw.CpuSvnHexUpper() +
                "&pcesvn=" + kRaw.PceSvnHexUpper() + "&pceid=0000&encrypted_ppid=" + kPpid.HexUpper());
  EXPECT_TRUE(http.requests[0].headers.empty()) << "the key is Intel's";
  EXPECT_EQ(http.requests[0].deadline, SteadyTime(std::chrono::seconds(7)));
}

TEST(PccsPck, WhatIsNoPpidIsZeros) {
  for (const std::optional<intel::PlatformProof>& proof :
       {std::optional<intel::PlatformProof>(), std::optional<intel::PlatformProof>(kManifest)}) {
    FakeHttp http;
    (void)FetchWith(http, {kPlatform, proof, kRaw});
    ASSERT_EQ(http.requests.size(), 1u);
    EXPECT_TRUE(http.requests[0].url.ends_with("&encrypted_ppid=" + std::string(768, '0')));
  }
}

TEST(PccsPck, WithoutAQeIdOrATcbItIsNotAsked) {
  FakeHttp http;
  EXPECT_EQ(CheckOf(FetchWith(http, {kPlatform, kPpid, {}})), Check::kUpstreamNotFound);
  EXPECT_EQ(CheckOf(FetchWith(http, {*intel::PlatformId::FromName("/0000"), kPpid, kRaw})),
            Check::kUpstreamNotFound);
  EXPECT_TRUE(http.requests.empty());
  (void)FetchWith(http);
  EXPECT_EQ(http.requests.size(), 1u);
}

TEST(PccsPck, TellsStatusesApart) {
  EXPECT_EQ(CheckOf(AnsweredBy(PccsAnswer())), Check::kNone);
  for (const int status : {404, 461, 462})
    EXPECT_EQ(CheckOf(AnsweredBy(Response(status))), Check::kUpstreamNotFound) << status;
  EXPECT_EQ(CheckOf(AnsweredBy(Response(400))), Check::kRequest);
  for (const int status : {401, 429, 500, 502, 503}) {
    const auto refused = AnsweredBy(Response(status));
    EXPECT_EQ(CheckOf(refused), Check::kUpstreamStatus) << status;
    EXPECT_EQ(refused.error().http_status, status);
  }
}

// Each lacks one thing of the good answer.
TEST(PccsPck, A200ThatIsNotTheAnswer) {
  HttpResponse no_chain = PccsAnswer(), no_tcb = PccsAnswer(), short_tcb = PccsAnswer(),
               no_pem = PccsAnswer(), two = PccsAnswer();
  no_chain.headers.erase(no_chain.headers.begin());
  no_tcb.headers.pop_back();
  short_tcb.headers.back().second.pop_back();
  no_pem.body = {'x'};
  two.body.insert(two.body.end(), two.body.begin(), two.body.end());
  for (const HttpResponse& wrong : {no_chain, no_tcb, short_tcb, no_pem, two})
    EXPECT_EQ(CheckOf(AnsweredBy(wrong)), Check::kUpstreamAnswer);
}

TEST(PccsPck, NoMessageHoldsTheProof) {
  FakeHttp http;
  http.Otherwise([](const HttpRequest& request) { return Unreachable(request); });
  for (const auto& error : {FetchWith(http).error(), AnsweredBy(Response(404)).error()}) {
    EXPECT_EQ(error.message.find(kPpid.HexUpper()), std::string::npos) << error.message;
    EXPECT_NE(error.message.find(kUrl), std::string::npos) << error.message;
  }
}

}  // namespace
}  // namespace thimble
