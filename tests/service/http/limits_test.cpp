// SPDX-License-Identifier: Apache-2.0
//
// Each limit of the door: what who meets it is told, that others do not notice, and that memory stays bounded.
#include <gtest/gtest.h>

#include <fstream>
#include <thread>
#include <utility>
#include <vector>

#include "service/http/connection_count.h"
#include "service/http/server.h"
#include "service/support/peer_address.h"
#include "tcb/base/text.h"
#include "tests/service/testing/raw_http.h"
#include "tests/support/eventually.h"

namespace thimble::http {
namespace {

using test::Get;
using test::RawAnswer;
using test::RawConnection;

Response Ok(const Request& request) {
  return {.status = 200, .headers = {}, .content = Content::Make("text/plain", request.body)};
}

class HttpLimits : public testing::Test {
 protected:
  void Start(ConnectionLimits limits) {
    server_ = std::make_unique<HttpServer>(Ok, limits);
    ASSERT_TRUE(server_->StartTcp({"127.0.0.1", 0}).ok());
  }
  static int Ask(RawConnection& connection) {
    connection.Send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    return connection.Receive().status;
  }
  std::unique_ptr<HttpServer> server_;
};

size_t ResidentKilobytes() {
  std::ifstream file("/proc/self/status");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("VmRSS:")) return std::stoul(line.substr(6));
  }
  return 0;
}

TEST_F(HttpLimits, ConnectionsInAll) {
  ConnectionLimits limits;
  limits.max_connections = 4;
  Start(limits);
  std::vector<std::unique_ptr<RawConnection>> held;
  for (int i = 0; i < 4; ++i) {
    held.push_back(std::make_unique<RawConnection>(server_->port()));
    ASSERT_EQ(Ask(*held.back()), 200);
  }
  const RawAnswer refused = Get(server_->port(), "/");
  EXPECT_EQ(refused.status, 503);
  EXPECT_TRUE(refused.Header("Retry-After"));
  for (const auto& connection : held) EXPECT_EQ(Ask(*connection), 200);
  held.pop_back();
  // The place is free once the server has seen the end of the connection.
  EXPECT_TRUE(test::Eventually([&] { return Get(server_->port(), "/").status == 200; }));
}

TEST(ConnectionCount, KnowsLoopbackPeersHoweverTheyAreWritten) {
  for (const char* own : {"127.0.0.1", "127.8.9.10", "::ffff:127.0.0.1", "::1", "unix"}) {
    EXPECT_TRUE(IsLoopbackPeer(own)) << own;
  }
  for (const char* other :
       {"10.0.0.1", "::ffff:10.0.0.1", "::2", "1127.0.0.1", "127.example", "", "unknown"}) {
    EXPECT_FALSE(IsLoopbackPeer(other)) << other;
  }
}

TEST(ConnectionCount, TakesANetworkOfIpv6ForOnePeer) {
  const std::pair<const char*, const char*> peers[] = {
      {"2001:db8:0:1::1", "2001:db8:0:1::/64"},
      {"2001:db8:0:1:ffff:ffff:ffff:ffff", "2001:db8:0:1::/64"},
      {"2001:db8:0:2::1", "2001:db8:0:2::/64"},
      {"::ffff:192.0.2.1", "192.0.2.1"},
      {"192.0.2.1", "192.0.2.1"},
      {"unix", "unix"},
      {"unknown", "unknown"},
      {"fe80::1%eth0", "fe80::%eth0/64"},
      {"fe80::ffff:1%eth0", "fe80::%eth0/64"},
      {"fe80::1%eth1", "fe80::%eth1/64"},
      {"host%eth0", "host%eth0"}};
  for (const auto& [address, counted_as] : peers) EXPECT_EQ(PeerCountedAs(address), counted_as);

  ConnectionCount count(10, 2);
  const auto first = count.Enter("2001:db8:0:1::1"), second = count.Enter("2001:db8:0:1::2");
  ASSERT_TRUE(first && second);
  EXPECT_FALSE(count.Enter("2001:db8:0:1::3"));
  EXPECT_TRUE(count.Enter("2001:db8:0:2::1"));
}

TEST(ConnectionCount, LimitsEachAddressButNotLoopback) {
  ConnectionCount count(10, 2);
  const auto first = count.Enter("192.0.2.1");
  auto second = count.Enter("192.0.2.1");
  ASSERT_TRUE(first && second);
  EXPECT_FALSE(count.Enter("192.0.2.1"));
  const auto other = count.Enter("192.0.2.2");
  EXPECT_TRUE(other);
  second.reset();
  EXPECT_TRUE(count.Enter("192.0.2.1"));
  std::vector<std::unique_ptr<ConnectionCount::Ticket>> local;
  for (const char* address : {"127.0.0.1", "127.0.0.1", "127.0.0.1", "::1", "::1", "unix", "unix", "unix"})
    local.push_back(count.Enter(address));
  EXPECT_TRUE(std::all_of(local.begin(), local.end(), [](const auto& ticket) { return ticket != nullptr; }));
}

TEST(ConnectionCount, LimitsAllTogether) {
  ConnectionCount count(3, 2);
  const auto a = count.Enter("192.0.2.1"), b = count.Enter("192.0.2.2"), c = count.Enter("127.0.0.1");
  ASSERT_TRUE(a && b && c);
  EXPECT_FALSE(count.Enter("127.0.0.1"));
  EXPECT_FALSE(count.Enter("192.0.2.3"));
}

// A head without an end, a body that is announced and not sent, a body of endless chunks: each is answered in its time,
// and an active client has its answers in the meantime.
TEST_F(HttpLimits, SlowRequests) {
  ConnectionLimits limits;
  limits.head = std::chrono::milliseconds(300);
  limits.body = std::chrono::milliseconds(300);
  Start(limits);
  const std::pair<const char*, int> slow[] = {
      {"GET / HTTP/1.1\r\nHost: a\r\n", 408},
      {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n12345", 408},
      {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n", 408}};
  for (const auto& [begin, status] : slow) {
    SCOPED_TRACE(begin);
    RawConnection connection(server_->port());
    connection.Send(begin);
    RawConnection active(server_->port());
    EXPECT_EQ(Ask(active), 200);
    EXPECT_EQ(connection.Receive().status, status);
    EXPECT_TRUE(connection.ClosedByPeer());
    EXPECT_EQ(Ask(active), 200);
  }
}

// Bodies that are over the limit are never held: announced, or in chunks that say nothing of the whole.
TEST_F(HttpLimits, MemoryIsBoundedByWhatIsAllowed) {
  ConnectionLimits limits;
  limits.max_body = 64 << 10;
  Start(limits);
  const size_t before = ResidentKilobytes();
  for (int i = 0; i < 50; ++i) {
    RawConnection announced(server_->port());
    announced.Send(StrCat("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ", size_t{1} << 40, "\r\n\r\n"));
    EXPECT_EQ(announced.Receive().status, 413);
    RawConnection chunked(server_->port());
    chunked.Send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    const std::string chunk = StrCat("8000\r\n", std::string(0x8000, 'x'), "\r\n");
    for (int j = 0; j < 4; ++j) chunked.Send(chunk);
    EXPECT_EQ(chunked.Receive().status, 413);
  }
  EXPECT_LT(ResidentKilobytes() - std::min(before, ResidentKilobytes()), 32u << 10);
  RawConnection active(server_->port());
  EXPECT_EQ(Ask(active), 200);
}

}  // namespace
}  // namespace thimble::http
