// SPDX-License-Identifier: Apache-2.0
//
// Error <-> HTTP status <-> exit code.
#include "service/support/error_status.h"

#include <gtest/gtest.h>

namespace thimble {
namespace {

constexpr ErrorKind kKinds[] = {ErrorKind::kMalformed, ErrorKind::kRejected, ErrorKind::kUnavailable,
                                ErrorKind::kInternal};

TEST(ErrorStatus, OfEveryErrorIsTheSameHereAndFromAServer) {
  for (const ErrorKind kind : kKinds) {
    for (size_t i = static_cast<size_t>(Check::kNone) + 1; i < static_cast<size_t>(Check::kCount); ++i) {
      const Error here{kind, static_cast<Check>(i), "why"};
      const Error there =
          ErrorOfStatus(HttpStatusOf(kind), CheckFromName(CheckName(here.check)), here.message);
      EXPECT_EQ(there.kind, kind);
      EXPECT_EQ(there.check, here.check);
      EXPECT_EQ(there.message, "why");
      EXPECT_EQ(ExitCodeOf(there), ExitCodeOf(here)) << CheckName(here.check);
    }
  }
}

TEST(ErrorStatus, IsTheTableOfTheDesign) {
  const std::pair<Error, int> rows[] = {{{ErrorKind::kMalformed, Check::kRequest, ""}, 2},
                                        {{ErrorKind::kMalformed, Check::kPolicyFormat, ""}, 2},
                                        {{ErrorKind::kMalformed, Check::kQuoteFormat, ""}, 4},
                                        {{ErrorKind::kRejected, Check::kPckExpired, ""}, 1},
                                        {{ErrorKind::kUnavailable, Check::kPckMissing, ""}, 3},
                                        {{ErrorKind::kInternal, Check::kStoreIo, ""}, 3}};
  for (const auto& [error, exit] : rows) EXPECT_EQ(static_cast<int>(ExitCodeOf(error)), exit);
  EXPECT_EQ(HttpStatusOf(ErrorKind::kMalformed), 400);
  EXPECT_EQ(HttpStatusOf(ErrorKind::kRejected), 422);
  EXPECT_EQ(HttpStatusOf(ErrorKind::kUnavailable), 503);
  EXPECT_EQ(HttpStatusOf(ErrorKind::kInternal), 500);
}

TEST(ErrorStatus, OfAnAnswerThatNamesNoCheckIsThatOfItsStatus) {
  const std::pair<int, int> rows[] = {{400, 2}, {401, 2}, {403, 2}, {404, 2}, {405, 2},
                                      {413, 2}, {415, 2}, {422, 1}, {429, 3}, {500, 3},
                                      {502, 3}, {503, 3}, {504, 3}, {302, 3}, {0, 3}};
  for (const auto& [status, exit] : rows)
    EXPECT_EQ(static_cast<int>(ExitCodeOf(ErrorOfStatus(status, std::nullopt, ""))), exit) << status;
}

TEST(ErrorStatus, ChecksAreKnownByTheirNames) {
  EXPECT_EQ(CheckFromName("request.invalid"), Check::kRequest);
  EXPECT_EQ(CheckFromName("REQUEST.INVALID"), std::nullopt);
  EXPECT_EQ(CheckFromName(""), std::nullopt);
}

}  // namespace
}  // namespace thimble
