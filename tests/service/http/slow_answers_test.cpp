// SPDX-License-Identifier: Apache-2.0
//
// What answers hold while their readers take their time: so many bytes for all together.
#include <gtest/gtest.h>

#include <memory>

#include "service/http/connection.h"
#include "tests/service/testing/scripted_transport.h"

namespace thimble::http {
namespace {

using Next = Connection::Next;

constexpr size_t kLarge = 1u << 20;

// A client that asks once and takes little of the answer at a time.
class Reader {
 public:
  Reader(ConnectionContext& context, std::string_view path)
      : connection_(std::make_unique<test::ScriptedTransport>(
                        std::vector<std::string>{"GET " + std::string(path) + " HTTP/1.1\r\nHost: a\r\n\r\n"},
                        size_t{10'000}, written_),
                    {"192.0.2.1", false, {}}, context) {
    (void)test::GoOn(connection_);  // the request is not there yet
  }
  // kClose: the answer is dropped.
  Next Ask() { return test::GoOn(connection_); }
  void ReadAll() {
    while (test::GoOn(connection_) == Next::kWait && connection_.waits_to_write()) {
    }
  }

 private:
  std::string written_;
  Connection connection_;
};

class SlowAnswers : public testing::Test {
 protected:
  ConnectionContext& With(size_t max_answers) {
    ConnectionLimits limits;
    limits.max_answers = max_answers;
    context_ = std::make_unique<ConnectionContext>(
        [this](const Request& request) {
          Response response;
          const size_t size = request.path == "/large" ? kLarge : size_t{64} << 10;
          response.content = shared_ ? shared_ : Content::Make("text/plain", std::string(size, 'x'));
          return response;
        },
        limits);
    return *context_;
  }

  ContentPtr shared_;
  std::unique_ptr<ConnectionContext> context_;
};

TEST_F(SlowAnswers, AreDroppedBeyondWhatTheyMayHold) {
  ConnectionContext& context = With(2 * kLarge);
  Reader first(context, "/large"), second(context, "/large"), third(context, "/large");
  EXPECT_EQ(first.Ask(), Next::kWait);
  EXPECT_EQ(second.Ask(), Next::kWait);
  EXPECT_EQ(third.Ask(), Next::kClose);
  EXPECT_EQ(Reader(context, "/small").Ask(), Next::kWait) << "as much as each may hold is not counted";
  first.ReadAll();
  EXPECT_EQ(Reader(context, "/large").Ask(), Next::kWait) << "what was read is free again";
}

TEST_F(SlowAnswers, AreFreeAgainWithTheirConnection) {
  ConnectionContext& context = With(kLarge);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(Reader(context, "/large").Ask(), Next::kWait);
}

TEST_F(SlowAnswers, OneThatIsLargerThanAllMayBeGoesAlone) {
  ConnectionContext& context = With(kLarge / 2);
  Reader first(context, "/large"), second(context, "/large");
  EXPECT_EQ(first.Ask(), Next::kWait);
  EXPECT_EQ(second.Ask(), Next::kClose);
}

TEST_F(SlowAnswers, WhatIsKeptElsewhereIsNotTheirs) {
  shared_ = Content::Make("text/plain", std::string(kLarge, 'x'));
  ConnectionContext& context = With(0);
  Reader first(context, "/large"), second(context, "/large");
  EXPECT_EQ(first.Ask(), Next::kWait);
  EXPECT_EQ(second.Ask(), Next::kWait);
}

}  // namespace
}  // namespace thimble::http
