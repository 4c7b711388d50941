// SPDX-License-Identifier: Apache-2.0
#include "fetchers/url.h"

#include <gtest/gtest.h>

#include "tcb/base/percent.h"

namespace thimble {
namespace {

TEST(ParseUrl, TakesApart) {
  const auto url = ParseUrl("https://API.TrustedServices.intel.com/sgx/certification/v4/tcb?fmspc=00");
  ASSERT_TRUE(url);
  EXPECT_TRUE(url->tls);
  EXPECT_EQ(url->host, "api.trustedservices.intel.com");
  EXPECT_EQ(url->port, 443);
  EXPECT_EQ(url->target, "/sgx/certification/v4/tcb?fmspc=00");
  EXPECT_EQ(url->Origin(), "https://api.trustedservices.intel.com");
}

TEST(ParseUrl, KeepsThePortWhereItIsNotTheSchemesOwn) {
  EXPECT_EQ(ParseUrl("http://[::1]:8081")->Origin(), "http://[::1]:8081");
  EXPECT_EQ(ParseUrl("http://a:80/")->Origin(), "http://a");
  EXPECT_EQ(ParseUrl("https://a:80/")->Origin(), "https://a:80");
  EXPECT_EQ(ParseUrl("HTTP://a")->target, "/");
}

TEST(ParseUrl, RefusesWhatIsNotPlainlyAUrl) {
  for (const char* bad : {"",
                          "a",
                          "//a/",
                          "ftp://a/",
                          "file:///etc/passwd",
                          "https://",
                          "https:///x",
                          "https://a b/",
                          "https://a/ b",
                          "https://a/\r\nX: y",
                          "https://user@a/",
                          "https://a:b@c/",
                          "https://a\\b/",
                          "https://a/#x",
                          "https://a:/",
                          "https://a:0/",
                          "https://a:65536/",
                          "https://a:80x/",
                          "https://a..b/",
                          "https://.a/",
                          "https://a./",
                          "https://[::1/",
                          "https://::1/",
                          "https://[::g]/",
                          "https://[fe80::1%25eth0]/",
                          "https://127.1/",
                          "https://0x7f.0.0.1/",
                          "https://2130706433/",
                          "https://127.0.0.1.1/",
                          "https://256.0.0.1/",
                          "https://%31/",
                          "https://a?x=1"}) {
    EXPECT_FALSE(ParseUrl(bad)) << bad;
  }
}

TEST(ReachOf, TellsLoopbackAndLinkLocalFromTheRest) {
  const auto reach = [](const char* text) { return ReachOf(ParseUrl(text).value()); };
  for (const char* url : {"http://127.0.0.1/", "http://127.255.1.2/", "http://[::1]/", "http://localhost/",
                          "http://LOCALHOST:1/", "http://[0:0:0:0:0:0:0:1]/"}) {
    EXPECT_EQ(reach(url), Reach::kLoopback) << url;
  }
  for (const char* url : {"http://169.254.169.254/", "http://[fe80::1]/", "http://[febf::1]/"}) {
    EXPECT_EQ(reach(url), Reach::kLinkLocal) << url;
  }
  for (const char* url :
       {"http://128.0.0.1/", "http://169.255.0.1/", "http://[::2]/", "http://[fec0::1]/", "http://[1::1]/",
        "http://localhost.example/", "http://127.example/", "http://10.0.0.1/"}) {
    EXPECT_EQ(reach(url), Reach::kElsewhere) << url;
  }
}

TEST(SplitTarget, GivesTheParametersAsTheyStand) {
  const auto target = SplitTarget("/a/b?x=1&y=%2B+&z=");
  ASSERT_TRUE(target);
  EXPECT_EQ(target->path, "/a/b");
  EXPECT_EQ(target->Find("x"), "1");
  EXPECT_EQ(target->Find("y"), "%2B+");
  EXPECT_EQ(target->Find("z"), "");
  EXPECT_FALSE(target->Find("w"));
}

TEST(SplitTarget, RefusesTheAmbiguous) {
  for (const char* bad : {"/a?x", "/a?x=1&x=2", "/a?x=1&&y=2", "/a#b", "/a b"})
    EXPECT_FALSE(SplitTarget(bad)) << bad;
  EXPECT_TRUE(SplitTarget("/a?"));
}

TEST(PercentDecode, LeavesPlusAlone) {
  EXPECT_EQ(PercentDecode("a%20b+c%2Bd%2f%0A"), "a b+c+d/\n");
  for (const char* bad : {"%", "%2", "%2g", "a%"}) EXPECT_FALSE(PercentDecode(bad)) << bad;
}

}  // namespace
}  // namespace thimble
