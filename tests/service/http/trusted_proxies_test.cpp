// SPDX-License-Identifier: Apache-2.0
#include "service/http/trusted_proxies.h"

#include <gtest/gtest.h>

namespace thimble::http {
namespace {

TrustedProxies Of(const std::vector<std::string>& texts,
                  ForwardedHeader header = ForwardedHeader::kXForwardedFor) {
  std::vector<ProxyNetwork> networks;
  for (const std::string& text : texts) networks.push_back(ProxyNetwork::Parse(text).value());
  return {std::move(networks), header};
}

Request From(std::string peer, HeaderList headers) {
  Request request;
  request.client = std::move(peer);
  request.headers = std::move(headers);
  return request;
}

std::string ClientOf(const TrustedProxies& proxies, std::string peer, HeaderList headers) {
  const Request request = From(std::move(peer), std::move(headers));
  return proxies.Resolve(request).value_or(request).client;
}

TEST(ProxyNetwork, IsAnAddressANetworkOrTheUnixSocket) {
  const auto has = [](const char* network, const char* address) {
    return ProxyNetwork::Parse(network).value().Has(address);
  };
  EXPECT_TRUE(has("10.0.0.0/8", "10.255.0.1"));
  EXPECT_TRUE(has("10.0.0.0/8", "::ffff:10.1.2.3"));
  EXPECT_FALSE(has("10.0.0.0/8", "11.0.0.1"));
  EXPECT_TRUE(has("192.0.2.128/25", "192.0.2.255"));
  EXPECT_FALSE(has("192.0.2.128/25", "192.0.2.127"));
  EXPECT_TRUE(has("192.0.2.1", "192.0.2.1"));
  EXPECT_FALSE(has("192.0.2.1", "192.0.2.2"));
  EXPECT_TRUE(has("2001:db8::/32", "2001:db8:ffff::1"));
  EXPECT_FALSE(has("2001:db8::/32", "2001:db9::1"));
  EXPECT_FALSE(has("0.0.0.0/0", "2001:db8::1"));
  EXPECT_TRUE(has("fe80::/10", "fe80::1%eth0"));
  EXPECT_FALSE(has("fe80::2", "fe80::1%eth0"));
  EXPECT_TRUE(has("unix", "unix"));
  EXPECT_FALSE(has("unix", "127.0.0.1"));
  EXPECT_FALSE(has("0.0.0.0/0", "unix"));
  for (const char* const bad :
       {"", "localhost", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/8x", "::/129", "10.0.0"}) {
    EXPECT_FALSE(ProxyNetwork::Parse(bad)) << bad;
  }
}

TEST(TrustedProxies, TakeTheLastAddressThatIsNoProxys) {
  const auto proxies = Of({"10.0.0.0/8"});
  EXPECT_EQ(ClientOf(proxies, "10.0.0.1", {{"x-forwarded-for", "192.0.2.7"}}), "192.0.2.7");
  EXPECT_EQ(ClientOf(proxies, "10.0.0.1", {{"x-forwarded-for", "6.6.6.6, 192.0.2.7, 10.0.0.2"}}), "192.0.2.7")
      << "what the client wrote itself stands before";
  EXPECT_EQ(ClientOf(proxies, "10.0.0.1", {{"x-forwarded-for", "6.6.6.6"}, {"x-forwarded-for", "192.0.2.7"}}),
            "192.0.2.7");
  EXPECT_EQ(ClientOf(proxies, "10.0.0.1", {{"x-forwarded-for", "10.0.0.9"}}), "10.0.0.9")
      << "a client in that net";
  EXPECT_EQ(ClientOf(proxies, "10.0.0.1", {{"x-forwarded-for", "192.0.2.7:4711"}}), "192.0.2.7");
  EXPECT_EQ(ClientOf(proxies, "10.0.0.1", {{"x-forwarded-for", "[2001:db8::1]:4711"}}), "2001:db8::1");
}

TEST(TrustedProxies, NobodyElseSaysWhoHeIs) {
  const auto proxies = Of({"10.0.0.0/8"});
  EXPECT_EQ(ClientOf(proxies, "192.0.2.1", {{"x-forwarded-for", "127.0.0.1"}}), "192.0.2.1");
  EXPECT_EQ(ClientOf(TrustedProxies(), "127.0.0.1", {{"x-forwarded-for", "192.0.2.7"}}), "127.0.0.1");
  EXPECT_EQ(ClientOf(proxies, "10.0.0.1", {{"forwarded", "for=127.0.0.1"}}), "10.0.0.1")
      << "the header that its proxies do not write";
  for (const char* const bad : {"", "unknown", "_hidden", "192.0.2.7.8", "192.0.2.7,", "[2001:db8::1"}) {
    EXPECT_EQ(ClientOf(proxies, "10.0.0.1", {{"x-forwarded-for", bad}}), "10.0.0.1") << bad;
  }
}

TEST(TrustedProxies, ReadForwarded) {
  const auto proxies = Of({"10.0.0.0/8"}, ForwardedHeader::kForwarded);
  const auto client = [&](const char* value) {
    return ClientOf(proxies, "10.0.0.1", {{"forwarded", value}});
  };
  EXPECT_EQ(client("for=192.0.2.60;proto=http;by=203.0.113.43"), "192.0.2.60");
  EXPECT_EQ(client("For=\"[2001:db8:cafe::17]:4711\""), "2001:db8:cafe::17");
  EXPECT_EQ(client("for=6.6.6.6, for=192.0.2.43, for=10.0.0.7"), "192.0.2.43");
  EXPECT_EQ(client("by=203.0.113.43"), "10.0.0.1");
  EXPECT_EQ(client("for=192.0.2.43;host=\"x,for=127.0.0.1\""), "192.0.2.43") << "a comma in quotes";
  EXPECT_EQ(client("host=\"x;for=127.0.0.1\";for=192.0.2.43"), "192.0.2.43");
  EXPECT_EQ(client("for=127.0.0.1;for=192.0.2.43"), "10.0.0.1") << "two of them";
  EXPECT_EQ(client("for=unknown"), "10.0.0.1");
}

TEST(TrustedProxies, TheRightsOfTheSocketAndTheCertificateAreTheProxys) {
  const auto proxies = Of({"unix"});
  Request request = From("unix", {{"x-forwarded-for", "192.0.2.7"}});
  request.admin = true;
  request.client_sha256 = Digest256{};
  const auto forwarded = proxies.Resolve(request);
  ASSERT_TRUE(forwarded);
  EXPECT_EQ(forwarded->client, "192.0.2.7");
  EXPECT_FALSE(forwarded->admin);
  EXPECT_FALSE(forwarded->client_sha256);
  EXPECT_FALSE(proxies.Resolve(From("unix", {}))) << "the operator's own command";
  // What cannot be read, and the header that its proxies do not write, give nobody the proxy's rights.
  for (const auto& [name, value] : HeaderList{{"x-forwarded-for", ""},
                                              {"x-forwarded-for", "unknown"},
                                              {"x-forwarded-for", "fe80::1%eth0"},
                                              {"x-forwarded-for", "unix:"},
                                              {"forwarded", "for=192.0.2.7"}}) {
    Request unread = From("unix", {{name, value}});
    unread.admin = true;
    unread.client_sha256 = Digest256{};
    const auto resolved = proxies.Resolve(unread);
    ASSERT_TRUE(resolved) << name << value;
    EXPECT_EQ(resolved->client, "unix");
    EXPECT_FALSE(resolved->admin) << name << value;
    EXPECT_FALSE(resolved->client_sha256) << name << value;
  }
}

TEST(TrustedProxies, KnowTwoHeaders) {
  EXPECT_EQ(ParseForwardedHeader("X-Forwarded-For"), ForwardedHeader::kXForwardedFor);
  EXPECT_EQ(ParseForwardedHeader("forwarded"), ForwardedHeader::kForwarded);
  EXPECT_FALSE(ParseForwardedHeader("x-real-ip"));
}

}  // namespace
}  // namespace thimble::http
