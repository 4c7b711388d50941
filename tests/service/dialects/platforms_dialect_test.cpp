// SPDX-License-Identifier: Apache-2.0
//
// Registration of platforms, and the queue that an administrator's tool reads.
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <atomic>
#include <thread>

#include "tests/service/testing/pccs_world.h"

namespace thimble {
namespace {

using namespace test;
using nlohmann::json;
using sim::Tcb;

TEST(Platforms, NeedTheTokenOfWhoAsks) {
  PccsWorld w;
  w.Start();
  const std::string path = StrCat(kV4, "/platforms"), body = ByPpid().dump();
  EXPECT_EQ(w.Send("POST", path, "user-token: user secret\r\n", body).status, 200);
  for (const char* const headers :
       {"", "user-token: user secre\r\n", "admin-token: admin secret\r\n", "user-token: admin secret\r\n"}) {
    const RawAnswer refused = w.Send("POST", path, headers, body);
    EXPECT_EQ(refused.status, 401);
    EXPECT_EQ(refused.body, "Authentication failed.");
  }
  EXPECT_EQ(w.AskAsAdmin(path).status, 200);
  EXPECT_EQ(w.Ask(path).status, 401);
  EXPECT_EQ(w.Ask(path, "admin-token: user secret\r\n").status, 401);

  PccsWorld closed;
  closed.config.roles.clear();
  closed.Start();
  EXPECT_EQ(closed.Send("POST", path, "user-token: \r\n", body).status, 401) << "no token is configured";
}

TEST(Platforms, BadBodiesAreRefused) {
  PccsWorld w;
  w.Start();
  EXPECT_EQ(w.Register({{"qe_id", kQeId}}).status, 400);
  EXPECT_EQ(w.Register(ByPpid(), "?update=never").status, 400);
  EXPECT_EQ(w.Register(ByPpid(), "?other=1").status, 400);
  RawConnection plain(w.port());
  const std::string body = ByPpid().dump();
  plain.Send(StrCat("POST ", kV4,
                    "/platforms HTTP/1.1\r\nHost: t\r\nuser-token: user secret\r\nContent-Length: ",
                    body.size(), "\r\n\r\n", body));
  EXPECT_EQ(plain.Receive().status, 400) << "not said to be JSON";
  EXPECT_EQ(w.vendor.Count(), 0u);
}

TEST(Platforms, RegisteringBringsCertificatesAndWhatVerifiersNeed) {
  PccsWorld w(CachingMode::kRequest);
  w.Start();
  const RawAnswer answer = w.Register(ByPpid());
  EXPECT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(answer.body, "Operation successful.");
  EXPECT_EQ(w.Ask(PckCertTarget(Tcb::kGood, "")).status, 200);
  for (const char* const target :
       {"/sgx/certification/v4/tcb?fmspc=00806F050000", "/tdx/certification/v4/tcb?fmspc=00806F050000",
        "/sgx/certification/v4/qe/identity", "/tdx/certification/v4/qe/identity",
        "/sgx/certification/v4/qve/identity", "/sgx/certification/v4/pckcrl?ca=platform",
        "/sgx/certification/v4/pckcrl?ca=processor", "/sgx/certification/v4/rootcacrl"}) {
    EXPECT_EQ(w.Ask(target).status, 200) << target;
  }
  EXPECT_TRUE(w.Queue().empty()) << "nothing waits";
  const json not_available = w.Queue("reg_na");
  ASSERT_EQ(not_available.size(), 1u);
  EXPECT_EQ(not_available[0].at("cpu_svn"), TcbOf(Tcb::kNewest).CpuSvnHexUpper());
}

TEST(Platforms, RegisteringAgainAsksNobody) {
  PccsWorld w;
  w.Start();
  EXPECT_EQ(w.Register(ByPpid()).status, 200);
  EXPECT_EQ(w.Register(ByPpid()).status, 200);
  EXPECT_EQ(w.vendor.Count("/pckcerts"), 1u);
  EXPECT_EQ(w.Register(ByPpid(kQeId, Tcb::kOutOfDate)).status, 200) << "a TCB that it did not show before";
  EXPECT_EQ(w.vendor.Count("/pckcerts"), 2u);
}

TEST(Platforms, ByManifest) {
  PccsWorld w;
  w.Start();
  EXPECT_EQ(w.Register(ByManifest()).status, 200);
  EXPECT_EQ(w.Register(ByManifest()).status, 200);
  json upper = ByManifest();
  upper["platform_manifest"] = HexUpper(*FromHex(upper["platform_manifest"].get<std::string>()));
  EXPECT_EQ(w.Register(upper).status, 200) << "the same manifest in upper case";
  EXPECT_EQ(w.vendor.Count("/pckcerts"), 1u);
  EXPECT_EQ(w.Ask(PckCertTarget(Tcb::kGood, "")).status, 200);
  json other = ByManifest("OTHER");
  other["platform_manifest"] = std::string(18000, '1');
  const RawAnswer refused = w.Register(other);
  EXPECT_EQ(refused.status, 404);
  EXPECT_EQ(refused.body, "No cache data for this platform.");
  EXPECT_EQ(refused.Header("X-Thimble-Cause"), "upstream.not_found");
}

TEST(Platforms, ARegistrationIsTriedWhateverTheLastOneCameTo) {
  PccsWorld w;
  w.Start();
  w.vendor.SetMode("404", "/pckcert");  // and what a PCCS would have in its place
  EXPECT_EQ(w.Register(ByPpid()).status, 404);
  w.vendor.SetMode("ok");
  EXPECT_EQ(w.Register(ByPpid()).status, 200);
}

TEST(Platforms, SaysWhatFailed) {
  PccsWorld w(CachingMode::kRequest);
  w.Start();
  json zeros = ByPpid();
  zeros["enc_ppid"] = Zeros();
  const RawAnswer guest = w.Register(zeros);
  EXPECT_EQ(guest.status, 404);
  EXPECT_EQ(guest.Header("X-Thimble-Cause"), "pck.not_registered");
  EXPECT_EQ(w.Register(ByPpid("OLD", Tcb::kUnsupported)).Header("X-Thimble-Cause"), "pck.no_cert_for_tcb");
  w.vendor.SetMode("503", "/pckcerts");
  const RawAnswer down = w.Register(ByPpid("DOWN"));
  EXPECT_EQ(down.status, 503);
  EXPECT_EQ(down.body, "");
  const json waiting = w.Queue();
  ASSERT_EQ(waiting.size(), 2u) << "the guest, and what could not be fetched";
}

TEST(Platforms, OfflineRegistrationsWaitInTheQueue) {
  PccsWorld w(CachingMode::kOffline);
  w.Start();
  EXPECT_EQ(w.Register(ByPpid()).status, 200);
  EXPECT_EQ(w.Register(ByPpid()).status, 200);
  EXPECT_EQ(w.Register(ByManifest("OTHER")).status, 200);
  const RawAnswer answer = w.AskAsAdmin(StrCat(kV4, "/platforms"));
  EXPECT_EQ(answer.Header("platform-count"), "2");
  EXPECT_EQ(answer.Header("Content-Type"), "application/json; charset=utf-8");
  const json rows = json::parse(answer.body);
  json expected = ByPpid();
  expected["platform_manifest"] = "";
  EXPECT_EQ(rows.at(0), expected);
  EXPECT_EQ(rows.at(1).at("platform_manifest"), ByManifest().at("platform_manifest"));
  EXPECT_EQ(rows.at(1).at("cpu_svn"), "");
  EXPECT_EQ(w.vendor.Count(), 0u);

  EXPECT_TRUE(w.Queue().empty()) << "a read takes them out, as PCCS's does";
  EXPECT_EQ(w.Queue("handed_out").size(), 2u) << "but they are kept";
  EXPECT_EQ(w.Register(ByPpid()).status, 200);
  EXPECT_EQ(w.Queue().size(), 1u) << "who asks again waits again";
}

TEST(Platforms, AHeadRequestTakesNothing) {
  PccsWorld w(CachingMode::kOffline);
  w.Start();
  w.Register(ByPpid());
  RawConnection head(w.port());
  head.Send(StrCat("HEAD ", kV4, "/platforms HTTP/1.1\r\nHost: t\r\nadmin-token: admin secret\r\n\r\n"));
  EXPECT_EQ(head.Receive(true).Header("platform-count"), "1");
  EXPECT_EQ(w.Queue().size(), 1u);
}

// The client is gone before the answer comes: with a word, so that the first write still succeeds, or without.
TEST(Platforms, AConnectionThatIsCutLosesNoEntry) {
  for (const bool resets : {true, false}) {
    for (const int count : {1, 40}) {
      PccsWorld w(CachingMode::kOffline);
      w.Start();
      for (int i = 0; i < count; ++i) w.Register(ByManifest(StrCat("PLATFORM", i)));
      {
        RawConnection cut(w.port());
        cut.Send(StrCat("GET ", kV4, "/platforms HTTP/1.1\r\nHost: t\r\nadmin-token: admin secret\r\n\r\n"));
        if (resets) cut.Abort();
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(300));
      EXPECT_TRUE(w.Queue("handed_out").empty()) << resets << count;
      EXPECT_EQ(w.Queue().size(), static_cast<size_t>(count));
    }
  }
}

TEST(Platforms, KnownOnesAreListedByFmspc) {
  PccsWorld w;
  w.Start();
  w.Register(ByPpid());
  w.Register(ByPpid(kQeId, Tcb::kOutOfDate));
  const std::string path = StrCat(kV4, "/platforms?source=");
  const json rows = json::parse(w.AskAsAdmin(StrCat(path, "[00806f050000]")).body);
  ASSERT_EQ(rows.size(), 2u) << "a line for each TCB";
  EXPECT_EQ(rows[0].at("enc_ppid"), HexUpper(*FromHex(Ppid())));
  EXPECT_EQ(w.AskAsAdmin(StrCat(path, "[]")).Header("platform-count"), "2");
  EXPECT_EQ(w.AskAsAdmin(StrCat(path, "[00A067110000]")).Header("platform-count"), "0");
  EXPECT_EQ(w.AskAsAdmin(StrCat(path, "[00A067110000,00806F050000]")).Header("platform-count"), "2");
  for (const char* const bad : {"[00806F05000]", "00806F050000", "[00806F050000", "[,]"}) {
    EXPECT_EQ(w.AskAsAdmin(StrCat(path, bad)).status, 400) << bad;
  }
}

TEST(Platforms, FiveHundredAtOnceAreAllThereAfterwards) {
  PccsWorld w;
  w.Start();
  constexpr int kPlatforms = 500;
  std::atomic<int> next{0}, registered{0}, hits{0};
  const auto work = [&](std::atomic<int>& done, const auto& ask) {
    next = 0;
    std::vector<std::thread> threads;
    for (int t = 0; t < 32; ++t) {
      threads.emplace_back([&] {
        for (int i = next++; i < kPlatforms; i = next++) done += ask(StrCat("PLATFORM", i)) == 200 ? 1 : 0;
      });
    }
    for (std::thread& thread : threads) thread.join();
  };
  work(registered, [&](const std::string& qe_id) { return w.Register(ByPpid(qe_id)).status; });
  EXPECT_EQ(registered, kPlatforms);
  const uint64_t asked = w.vendor.Count();
  work(hits, [&](const std::string& qe_id) { return w.Ask(PckCertTarget(Tcb::kGood, "", qe_id)).status; });
  EXPECT_EQ(hits, kPlatforms);
  EXPECT_EQ(w.vendor.Count(), asked) << "all hits";
}

}  // namespace
}  // namespace thimble
