// SPDX-License-Identifier: Apache-2.0
//
// bad_requests.txt against the whole server.
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "tcb/base/text.h"
#include "tests/service/testing/world.h"
#include "tests/support/paths.h"

namespace thimble::test {
namespace {

struct Exchange {
  explicit Exchange(std::string the_name) : name(std::move(the_name)) {}

  std::string name, bytes;
  std::vector<int> statuses;
  bool closes = false;
};

std::string Repeated(std::string_view text, size_t count) {
  std::string out;
  for (size_t i = 0; i < count; ++i) out += text;
  return out;
}

// \r \n \t \\ \xHH
std::string Unescape(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      out += text[i];
      continue;
    }
    const char kind = text.at(++i);
    if (kind == 'x') {
      const auto byte = FromHex(text.substr(i + 1, 2));
      out += static_cast<char>(byte->at(0));
      i += 2;
    } else {
      out += kind == 'r' ? '\r' : kind == 'n' ? '\n' : kind == 't' ? '\t' : kind;
    }
  }
  return out;
}

// {N*TEXT}
std::string Expand(std::string_view line) {
  const size_t open = line.find('{'), star = line.find('*', open), close = line.find('}', open);
  if (open == std::string_view::npos || star == std::string_view::npos || close == std::string_view::npos)
    return Unescape(line);
  const size_t count = std::stoul(std::string(line.substr(open + 1, star - open - 1)));
  return Unescape(line.substr(0, open)) + Repeated(Unescape(line.substr(star + 1, close - star - 1)), count) +
         Unescape(line.substr(close + 1));
}

std::vector<Exchange> ReadExchanges() {
  std::ifstream file(test::SourceDir() / "tests/service/http/bad_requests.txt");
  std::vector<Exchange> all;
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line.starts_with("#")) continue;
    if (line.starts_with("== ")) {
      all.emplace_back(line.substr(3));
    } else if (line.starts_with("-> ")) {
      std::istringstream words(line.substr(3));
      for (std::string word; words >> word;) {
        if (word == "close" || word == "open") {
          all.back().closes = word == "close";
        } else {
          all.back().statuses.push_back(std::stoi(word));
        }
      }
    } else {
      all.back().bytes += Expand(line);
    }
  }
  return all;
}

TEST(BadRequests, AreAnsweredAsTheFileSays) {
  World world;
  world.Start();
  const auto exchanges = ReadExchanges();
  EXPECT_GT(exchanges.size(), 50u);
  for (const Exchange& exchange : exchanges) {
    SCOPED_TRACE(exchange.name);
    RawConnection connection(world.port());
    connection.Send(exchange.bytes);
    for (const int status : exchange.statuses) {
      const RawAnswer answer = connection.Receive(exchange.bytes.starts_with("HEAD"));
      EXPECT_EQ(answer.status, status) << answer.body;
      EXPECT_EQ(answer.Header("X-Injected"), std::nullopt);
      EXPECT_EQ(answer.Header("Content-Encoding"), std::nullopt);
      EXPECT_EQ(answer.Header("Content-Range"), std::nullopt);
    }
    if (exchange.closes) {
      EXPECT_TRUE(connection.ClosedByPeer());
    } else {
      connection.Send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
      EXPECT_EQ(connection.Receive().status, 200) << "the connection is not open";
    }
  }
  // What looked like the vendor was not asked for, and nobody else noticed.
  EXPECT_EQ(world.vendor.Count("crl?uri"), 0u);
  EXPECT_EQ(Get(world.port(), "/healthz").status, 200);
}

}  // namespace
}  // namespace thimble::test
