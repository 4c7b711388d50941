// SPDX-License-Identifier: Apache-2.0
//
// The headers of the PROXY protocol, byte by byte: whatever pieces they come in, they are read alike, and nothing that
// follows is touched.
#include "service/http/proxy_header.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "tests/service/testing/proxy_headers.h"

namespace thimble::http {
namespace {

using Progress = ProxyHeader::Progress;
using test::Block;
using test::V2;

constexpr std::string_view kRest = "GET / HTTP/1.1\r\n";

struct Outcome {
  Progress progress = Progress::kMore;
  std::string client, rest;
  ProxyFault fault = {};
  bool operator==(const Outcome&) const = default;
};

// As a connection reads: so many bytes are there at once.
Outcome Read(std::string_view stream, size_t at_once) {
  ProxyHeader header;
  while (header.progress() == Progress::kMore && !stream.empty()) {
    const size_t wanted = header.Wants();
    EXPECT_GT(wanted, 0u);
    stream.remove_prefix(header.Take(stream.substr(0, std::min(at_once, wanted))));
  }
  if (header.progress() == Progress::kRefused) return {Progress::kRefused, "", "", header.fault()};
  return {header.progress(), header.client(), std::string(stream)};
}

// With a request behind it.
Outcome Read(std::string_view header) {
  const std::string stream = std::string(header).append(kRest);
  const Outcome whole = Read(stream, SIZE_MAX);
  for (const size_t at_once : {1, 2, 7, 13}) EXPECT_EQ(Read(stream, at_once), whole) << at_once;
  return whole;
}

void ExpectClient(std::string_view header, std::string_view client) {
  const Outcome outcome = Read(header);
  EXPECT_EQ(outcome.progress, Progress::kDone) << header;
  EXPECT_EQ(outcome.client, client) << header;
  EXPECT_EQ(outcome.rest, kRest) << header;
}

void ExpectFault(std::string_view header, ProxyFault fault) {
  const Outcome outcome = Read(header);
  EXPECT_EQ(outcome.progress, Progress::kRefused) << header;
  EXPECT_EQ(outcome.fault, fault) << header;
}

TEST(ProxyHeader, OfVersion1NamesTheClient) {
  ExpectClient("PROXY TCP4 192.0.2.7 10.0.0.1 4711 443\r\n", "192.0.2.7");
  ExpectClient("PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n", "255.255.255.255");
  ExpectClient("PROXY TCP6 2001:DB8:0:0::7 ::1 0 443\r\n", "2001:db8::7");
  ExpectClient("PROXY UNKNOWN\r\n", "");
  ExpectClient("PROXY UNKNOWN 192.0.2.7 whatever follows\r\n", "");
  ExpectClient(
      "PROXY UNKNOWN ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
      "65535 65535\r\n",
      "");
}

TEST(ProxyHeader, OfVersion1IsReadToTheLetter) {
  for (const std::string_view bad : {"PROXY TCP4 192.0.2.7 10.0.0.1 4711\r\n",
                                     "PROXY TCP4 192.0.2.7 10.0.0.1 4711 443 1\r\n",
                                     "PROXY  TCP4 192.0.2.7 10.0.0.1 4711 443\r\n",
                                     "PROXY TCP4 192.0.2.7 10.0.0.1 4711 443 \r\n",
                                     "PROXY TCP5 192.0.2.7 10.0.0.1 4711 443\r\n",
                                     "PROXY tcp4 192.0.2.7 10.0.0.1 4711 443\r\n",
                                     "PROXY UNKNOWNS 192.0.2.7 10.0.0.1\r\n",
                                     "PROXY TCP4 192.0.2.256 10.0.0.1 4711 443\r\n",
                                     "PROXY TCP4 192.0.2.7 10.0.0 4711 443\r\n",
                                     "PROXY TCP4 ::1 ::1 4711 443\r\n",
                                     "PROXY TCP6 192.0.2.7 10.0.0.1 4711 443\r\n",
                                     "PROXY TCP6 fe80::1%eth0 ::1 4711 443\r\n",
                                     "PROXY TCP4 192.0.2.7 10.0.0.1 65536 443\r\n",
                                     "PROXY TCP4 192.0.2.7 10.0.0.1 4711 0443\r\n",
                                     "PROXY TCP4 192.0.2.7 10.0.0.1 -1 443\r\n",
                                     "PROXY TCP4 192.0.2.7 10.0.0.1  443\r\n",
                                     "PROXY TCP4 192.0.2.7 10.0.0.1 4711 443\n",
                                     "PROXY TCP4\n192.0.2.7 10.0.0.1 4711 443\r\n",
                                     "PROXY \r\nUNKNOWN",
                                     "PROXY UNKNO\r\n"}) {
    ExpectFault(bad, ProxyFault::kMalformed);
  }
  const std::string longest = "PROXY UNKNOWN " + std::string(107 - 14 - 2, 'x');
  ExpectClient(longest + "\r\n", "");
  ExpectFault(longest + "x\r\n", ProxyFault::kTooLong);
}

TEST(ProxyHeader, OfVersion2NamesTheClient) {
  ExpectClient(V2({}), "192.0.2.7");
  ExpectClient(V2({.family = 0x21, .block = Block::kTcp6}), "2001:db8::7");
  ExpectClient(V2({.command = 0x20}), "");
  ExpectClient(V2({.command = 0x20, .family = 0x77, .block = Block::kNothing, .extensions = "any"}), "");
  ExpectClient(V2({.family = 0x00, .block = Block::kNothing}), "");
  ExpectClient(V2({.family = 0x31, .block = Block::kUnix}), "");
  ExpectClient(V2({.extensions = std::string("\x04\x00\x02xx\x01\x00\x00", 8)}), "192.0.2.7");
  // Over the whole header with zeros in its own place, computed by another implementation.
  ExpectClient(V2({.extensions = test::Checksum(true)}), "192.0.2.7");
}

TEST(ProxyHeader, OfVersion2IsReadToTheLetter) {
  const test::V2Parts bads[] = {{.command = 0x11},
                                {.command = 0x22},
                                {.family = 0x12},
                                {.family = 0x01},
                                {.family = 0x41},
                                {.family = 0x21},
                                {.block = Block::kNothing},
                                {.family = 0x31},
                                {.extensions = "\x04"},
                                {.extensions = std::string("\x04\x00", 2)},
                                {.extensions = std::string("\x04\x00\x03xx", 5)},
                                {.extensions = std::string("\x03\x00\x03xxx", 6)},
                                {.extensions = test::Checksum(false)},
                                {.family = 0x00, .block = Block::kNothing, .extensions = "\x04"}};
  for (const auto& bad : bads) ExpectFault(V2(bad), ProxyFault::kMalformed);
  // An extension takes three bytes beside its value.
  const auto filled = [](size_t size) {
    std::string extension = {'\x04', static_cast<char>((size - 3) >> 8),
                             static_cast<char>((size - 3) & 0xff)};
    return V2({.extensions = extension + std::string(size - 3, 'x')});
  };
  ExpectClient(filled(ProxyHeader::kMaxBlock - 12), "192.0.2.7");
  ExpectFault(filled(ProxyHeader::kMaxBlock - 11), ProxyFault::kTooLong);
}

TEST(ProxyHeader, IsTheFirstThingThatComes) {
  for (const std::string_view other : {"GET / HTTP/1.1\r\n", "\x16\x03\x01\x02", "PROXx", "proxy TCP4 ",
                                       "\r\n\r\n\r\n", "PUT / HTTP/1.1\r\n"}) {
    ExpectFault(other, ProxyFault::kMissing);
  }
  ProxyHeader cut;
  cut.Take("PROXY TCP4 1");
  EXPECT_EQ(cut.progress(), Progress::kMore);
  EXPECT_TRUE(cut.begun());
}

TEST(ProxyHeader, NamesEachFaultByItsOwnName) {
  std::set<std::string_view> names;
  for (size_t fault = 0; fault < kProxyFaults; ++fault)
    names.insert(ProxyFaultName(static_cast<ProxyFault>(fault)));
  EXPECT_EQ(names.size(), kProxyFaults);
}

}  // namespace
}  // namespace thimble::http
