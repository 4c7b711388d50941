// SPDX-License-Identifier: Apache-2.0
//
// Floors from floors.url: under the key alone, never an older one, and with patience after a failure.
#include "service/baselines/floor_fetcher.h"

#include <gtest/gtest.h>

#include <map>

#include "cache/memory_store.h"
#include "tcb/base/text.h"
#include "tcb/check.h"
#include "tests/service/testing/floor_signer.h"
#include "tests/support/temp_dir.h"

namespace thimble {
namespace {

using Outcome = RefreshLine::Outcome;
using Urge = RefreshUrge;
using test::FloorSigner, test::FloorsText;

constexpr Instant kNow = std::chrono::sys_days{std::chrono::year{2026} / 12 / 1};
constexpr Seconds kMinute{60}, kHour{3600};
constexpr const char* kUrl = "https://floors.example/amd.json";

// A web server: what is at which URL, and what was asked for.
class Web final : public HttpClient {
 public:
  Result<HttpResponse> Send(const HttpRequest& request) override {
    asked.push_back(request.url);
    max_body = request.max_body;
    if (down) return Error{ErrorKind::kUnavailable, Check::kUpstreamUnreachable, "cannot connect"};
    const auto found = pages.find(request.url);
    HttpResponse response{.status = found == pages.end() ? 404 : status, .headers = headers, .body = {}};
    if (found != pages.end()) response.body.assign(found->second.begin(), found->second.end());
    return response;
  }
  void Serve(const std::string& text, const Bytes& signature) {
    pages[kUrl] = text;
    pages[StrCat(kUrl, ".sig")] = Base64(signature);
  }
  std::map<std::string, std::string> pages;
  std::vector<std::pair<std::string, std::string>> headers;
  std::vector<std::string> asked;
  size_t max_body = 0;
  int status = 200;
  bool down = false;
};

class FloorFetcherTest : public testing::Test {
 protected:
  FloorFetcherTest() {
    Baselines baselines;
    baselines["default"].amd = "signed";
    const FloorsConfig config{.key = files_.Write("key.pem", std::string_view(ours_.Pem())),
                              .overlay = "",
                              .url = kUrl,
                              .directory = ""};
    EXPECT_TRUE(book_->Configure(baselines, {{"default", {}}}, config, kNow));
    fetcher_.Use(kUrl);
    Serve(2);
  }
  std::unique_ptr<FloorBook> OpenBook() {
    const auto record = [this](const FloorChange& change) {
      changes_.push_back(change);
      return Status();
    };
    return FloorBook::Open(std::make_shared<MemoryStore>(), record).value();
  }
  void Serve(uint32_t number, const FloorSigner* signer = nullptr) {
    const std::string text = FloorsText(number);
    web_->Serve(text, (signer != nullptr ? *signer : ours_).Sign(text));
  }
  // The one line of a pass.
  RefreshLine Ask(Instant now, Urge urge = Urge::kPatient) {
    const auto lines = fetcher_.Pass(now, urge);
    EXPECT_EQ(lines.size(), 1u);
    return lines.empty() ? RefreshLine{} : lines.front();
  }
  uint32_t InForce() {
    const auto floors = book_->Get("signed", {}, kNow);
    return floors ? (*floors)->number : 0;
  }
  void ExpectFailed(std::string_view words) {
    const uint32_t before = InForce();
    const RefreshLine line = Ask(kNow, Urge::kNow);
    EXPECT_EQ(line.outcome, Outcome::kFailed);
    EXPECT_NE(line.reason.find(words), std::string::npos) << line.reason;
    EXPECT_EQ(InForce(), before) << "what was in force stays";
  }

  const FloorSigner ours_{1}, other_{2};
  test::TempDir files_;
  std::vector<FloorChange> changes_;
  const std::unique_ptr<FloorBook> book_ = OpenBook();
  const std::shared_ptr<Web> web_ = std::make_shared<Web>();
  FloorFetcher fetcher_{*book_, web_};
};

TEST_F(FloorFetcherTest, TakesWhatIsSignedAndGoesOnToNewerOnes) {
  EXPECT_EQ(Ask(kNow).outcome, Outcome::kRenewed);
  EXPECT_EQ(InForce(), 2u);
  EXPECT_EQ(book_->History().front().source, kUrl);
  EXPECT_EQ(Ask(kNow, Urge::kNow).outcome, Outcome::kKept);
  Serve(3);
  EXPECT_TRUE(fetcher_.Pass(kNow + kHour, Urge::kPatient).empty()) << "not due";
  EXPECT_EQ(Ask(kNow + 7 * kHour).outcome, Outcome::kRenewed);
  EXPECT_EQ(InForce(), 3u);
  ASSERT_EQ(changes_.size(), 2u);
  EXPECT_EQ(changes_[1].number, 3u);
  EXPECT_EQ(changes_[1].by, "floors.url");
  EXPECT_EQ(changes_[1].source, kUrl);
  EXPECT_EQ(web_->asked, (std::vector<std::string>{kUrl, StrCat(kUrl, ".sig"), kUrl, StrCat(kUrl, ".sig"),
                                                   kUrl, StrCat(kUrl, ".sig")}));
}

// As another Thimble's /v1/floors answers.
TEST_F(FloorFetcherTest, TakesTheSignatureFromTheHeader) {
  web_->headers = {{"x-thimble-floors-signature", Base64(ours_.Sign(FloorsText(2)))}};
  web_->pages.erase(StrCat(kUrl, ".sig"));
  EXPECT_EQ(Ask(kNow).outcome, Outcome::kRenewed);
  EXPECT_EQ(web_->asked.size(), 1u);
  web_->headers = {{"x-thimble-floors-signature", "AA=="}};
  ExpectFailed("is not base64 of 64 bytes");
}

TEST_F(FloorFetcherTest, TakesNothingElse) {
  ASSERT_EQ(Ask(kNow).outcome, Outcome::kRenewed);
  Serve(1);
  ExpectFailed("ours 1, and 2 has been in force");
  Serve(3, &other_);
  ExpectFailed("does not hold under floors.key");
  web_->Serve("{}", ours_.Sign("{}"));
  ExpectFailed("format");
  Serve(3);
  web_->pages[StrCat(kUrl, ".sig")] = "nonsense";
  ExpectFailed("neither 64 bytes");
  web_->pages.erase(StrCat(kUrl, ".sig"));
  ExpectFailed("404");
  web_->pages.clear();
  ExpectFailed("404");
  web_->down = true;
  ExpectFailed("cannot connect");
  EXPECT_LE(web_->max_body, 1u << 20) << "an answer without end is cut off";
  EXPECT_EQ(changes_.size(), 1u);
}

TEST_F(FloorFetcherTest, WaitsLongerAfterEachFailure) {
  web_->down = true;
  const auto asks_at = [&](Instant now) {
    const size_t before = web_->asked.size();
    (void)fetcher_.Pass(now, Urge::kPatient);
    return web_->asked.size() != before;
  };
  EXPECT_TRUE(asks_at(kNow));
  EXPECT_FALSE(asks_at(kNow + kMinute - Seconds(1)));
  EXPECT_TRUE(asks_at(kNow + kMinute));
  EXPECT_FALSE(asks_at(kNow + 3 * kMinute - Seconds(1)));
  EXPECT_TRUE(asks_at(kNow + 3 * kMinute));
  Instant now = kNow + 3 * kMinute;
  for (int i = 0; i < 20; ++i) (void)fetcher_.Pass(now += 7 * kHour, Urge::kPatient);
  EXPECT_FALSE(asks_at(now + 6 * kHour - Seconds(1)));
  EXPECT_TRUE(asks_at(now + 6 * kHour)) << "at most six hours";
  web_->down = false;
  EXPECT_EQ(Ask(now + 6 * kHour, Urge::kNow).outcome, Outcome::kRenewed) << "an urgent pass does not wait";
  web_->down = true;
  EXPECT_TRUE(asks_at(now + 12 * kHour));
  EXPECT_TRUE(asks_at(now + 12 * kHour + kMinute)) << "short again after a success";
}

TEST_F(FloorFetcherTest, AsksAtOnceWhenTheClockWasAhead) {
  const auto ahead = fetcher_.Pass(kNow + 400 * 24 * kHour, Urge::kPatient);
  ASSERT_EQ(ahead.size(), 2u);
  EXPECT_EQ(ahead[0].outcome, Outcome::kRenewed);
  EXPECT_TRUE(ahead[1].stale) << "to that clock";
  EXPECT_EQ(Ask(kNow).outcome, Outcome::kKept) << "checked again";
  EXPECT_TRUE(fetcher_.Pass(kNow + kMinute, Urge::kPatient).empty());
}

TEST_F(FloorFetcherTest, AsksNobodyWithoutAUrl) {
  fetcher_.Use("");
  EXPECT_TRUE(fetcher_.Pass(kNow, Urge::kNow).empty());
  EXPECT_TRUE(web_->asked.empty());
}

TEST_F(FloorFetcherTest, SaysThatTheDocumentInForceIsStale) {
  ASSERT_EQ(Ask(kNow).outcome, Outcome::kRenewed);
  fetcher_.Use("");
  const Instant stale = book_->InForce().front()->stale_after + Seconds(1);
  EXPECT_TRUE(fetcher_.Pass(stale - Seconds(1), Urge::kPatient).empty());
  const RefreshLine line = Ask(stale);
  EXPECT_TRUE(line.stale);
  EXPECT_EQ(ItemName(line), "floors ours 2");
  EXPECT_NE(line.reason.find("stale since 2027-05-31"), std::string::npos) << line.reason;
  EXPECT_TRUE(fetcher_.Pass(stale + kHour, Urge::kPatient).empty()) << "once a day";
  EXPECT_TRUE(Ask(stale + kHour, Urge::kNow).stale);
  EXPECT_TRUE(Ask(stale + 30 * kHour).stale);
}

}  // namespace
}  // namespace thimble
